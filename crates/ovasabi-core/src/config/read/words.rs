//! Values and messages as one short line.

use crate::config::secret::REDACTED;
use crate::config::tree::{Node, Value};

/// Longer values are cut: they are there to be recognised.
const MAX_VALUE: usize = 80;

/// Longer messages of types are cut.
const MAX_MESSAGE: usize = 300;

/// A value as it was written, on one line, the user's part of URLs left out. Whoever calls has made sure that
/// it is no secret; lists and tables may hold some and are only hinted at.
pub(crate) fn show(node: &Node) -> String {
    match &node.value {
        // A list or a table that was given as a text may hold some all the same.
        Value::Text(text) | Value::String(text) if text.trim_start().starts_with('{') => {
            "\"{...}\"".to_owned()
        }
        Value::Text(text) | Value::String(text) if is_list(text) => "\"[...]\"".to_owned(),
        Value::Text(text) | Value::String(text) => format!("{:?}", cut(&scrub(text), MAX_VALUE)),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Boolean(value) => value.to_string(),
        Value::Datetime(text) => text.clone(),
        Value::Array(_) => "[...]".to_owned(),
        Value::Table(_) => "{...}".to_owned(),
    }
}

/// A list that can hold a table.
fn is_list(text: &str) -> bool {
    text.trim_start().starts_with('[') && text.contains('{')
}

/// A message of a type, on one line.
pub(crate) fn message(text: &str) -> String {
    let line: String = scrub(text)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    cut(line.trim(), MAX_MESSAGE)
}

/// `` one of `a`, `b` ``
pub(super) fn one_of(names: &[&str]) -> String {
    let one_of = if names.len() == 1 { "" } else { "one of " };
    format!("{one_of}{}", quoted(names))
}

/// `` `a`, `b` ``
pub(super) fn quoted(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Removes the user's part of every URL in a text: that is where passwords hide.
pub(crate) fn scrub(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        // Up to the last `@`: an unescaped password may hold a `/` itself.
        let end = tail
            .find(|c: char| c.is_whitespace() || c == '"')
            .unwrap_or(tail.len());
        let (authority, tail) = tail.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => out.extend([REDACTED, "@", host]),
            None => out.push_str(authority),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}
