//! Texts from variables and arguments, read as the type that is asked for.

use std::path::Path;
use std::sync::Arc;

use toml::de::DeValue;

use super::{Node, Value, file};

/// `true`, `yes`, `on`, `1` and their opposites, in any case.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// As TOML writes it: `_` between digits, `0x`, `0o`, `0b`, a sign.
pub(crate) fn integer(text: &str) -> Option<i128> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.get(..2) {
        Some("0x") => (16, digits.get(2..)?),
        Some("0o") => (8, digits.get(2..)?),
        Some("0b") => (2, digits.get(2..)?),
        _ => (10, digits),
    };
    let edges =
        digits.starts_with(['_', '+', '-']) || digits.ends_with('_') || digits.contains("__");
    if edges {
        return None;
    }
    let value = i128::from_str_radix(&digits.replace('_', ""), radix).ok()?;
    Some(if negative { -value } else { value })
}

/// `[1, 2]` as TOML, anything else split at commas; the empty text is the empty list.
pub(crate) fn list(text: &str, from: &Node) -> Option<Vec<Node>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Vec::new());
    }
    if text.starts_with('[') {
        if let Some(Value::Array(nodes)) = inline(text, from).map(|node| node.value) {
            return Some(nodes);
        }
        // `[::1]:80,[::2]:80` is a list of words that merely look like one; quotes say that TOML was meant.
        if text.contains(['"', '\'']) {
            return None;
        }
    }
    let element = |word: &str| Node::text(word.trim(), from.source.clone(), from.layer);
    Some(text.split(',').map(element).collect())
}

/// A TOML value inside a text; all of it stands where the text stands.
pub(crate) fn inline(text: &str, from: &Node) -> Option<Node> {
    let value = DeValue::parse(text.trim()).ok()?;
    let nowhere: Arc<Path> = Arc::from(Path::new(""));
    let mut node = file::value(&value, text, &nowhere, from.layer)?;
    place(&mut node, from);
    Some(node)
}

fn place(node: &mut Node, from: &Node) {
    node.source = from.source.clone();
    node.key = from.source.clone();
    match &mut node.value {
        Value::Array(nodes) => nodes.iter_mut().for_each(|node| place(node, from)),
        Value::Table(table) => table.values_mut().for_each(|node| place(node, from)),
        _ => {}
    }
}
