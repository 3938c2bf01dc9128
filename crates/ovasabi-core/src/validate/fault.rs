//! What serde says, in words for those who sent the body.

use super::path::Path;

/// One thing that is wrong with a body.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) path: Path,
    pub(super) rule: &'static str,
    pub(super) detail: String,
    pub(super) remedy: Remedy,
}

/// What lets the search go on behind a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Another value in its place.
    Replace,
    /// To take it away.
    Remove,
    /// Nothing: it is gone once the text is parsed.
    Nothing,
}

impl Fault {
    /// What `error` says of `text`, which is valid JSON. Names of Rust types stay inside, and so do values: they may be secrets.
    pub(super) fn new(text: &[u8], error: &serde_json::Error) -> Self {
        let read = offset(text, error);
        if !error.is_data() {
            // For an enum serde_json looks at the next byte and finds neither a string nor an object.
            let path = Path::at(text, read.saturating_sub(1));
            let detail = "must be a string or an object".to_owned();
            return Self {
                path,
                rule: "type",
                detail,
                remedy: Remedy::Replace,
            };
        }
        let path = Path::at(text, read);
        let message = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = message.strip_suffix(&place).unwrap_or(&message);
        let new = |rule, detail: String, remedy| Self {
            path: path.clone(),
            rule,
            detail,
            remedy,
        };
        if let Some(field) = message.strip_prefix("missing field ") {
            let path = path.clone().join(field.trim_matches('`'));
            return Self {
                path,
                ..new("required", "is required".to_owned(), Remedy::Replace)
            };
        }
        if message.starts_with("duplicate field ") {
            return new(
                "duplicate",
                "is there more than once".to_owned(),
                Remedy::Nothing,
            );
        }
        if message.starts_with("unknown field ") {
            let known = message
                .rsplit_once(", expected ")
                .map_or("no other", |(_, known)| known);
            return new(
                "unknown",
                format!("is not known; there is {known}"),
                Remedy::Remove,
            );
        }
        // What is wanted comes last: the value before it may hold the same words, and must not be told back.
        for (prefix, rule) in RULES {
            if let Some((_, wanted)) = message
                .strip_prefix(prefix)
                .and_then(|rest| rest.rsplit_once(", expected "))
            {
                return new(
                    rule,
                    format!("must be {}", wanted_words(wanted)),
                    Remedy::Replace,
                );
            }
        }
        new("value", message.to_owned(), Remedy::Replace)
    }
}

const RULES: [(&str, &str); 4] = [
    ("invalid type: ", "type"),
    ("invalid value: ", "value"),
    ("invalid length ", "length"),
    ("unknown variant ", "value"),
];

/// Bytes read when the error was found: serde_json counts columns in bytes since the last line feed.
fn offset(text: &[u8], error: &serde_json::Error) -> usize {
    let lines_before = error.line().saturating_sub(1);
    let before: usize = text
        .split_inclusive(|&byte| byte == b'\n')
        .take(lines_before)
        .map(<[u8]>::len)
        .sum();
    before.saturating_add(error.column())
}

/// What serde wants, without the names of our types.
fn wanted_words(wanted: &str) -> &str {
    match wanted {
        "u8" => "an integer from 0 to 255",
        "u16" => "an integer from 0 to 65535",
        "u32" => "an integer from 0 to 4294967295",
        "u64" | "usize" | "u128" => "an integer, 0 or more",
        "i8" => "an integer from -128 to 127",
        "i16" => "an integer from -32768 to 32767",
        "i32" => "an integer from -2147483648 to 2147483647",
        "i64" | "isize" | "i128" => "an integer",
        "f32" | "f64" => "a number",
        "a borrowed string" => "a string",
        "a map" => "an object",
        "a sequence" => "an array",
        "unit" => "null",
        other if other.starts_with("struct ") || other.starts_with("internally tagged enum ") => {
            "an object"
        }
        other if other.starts_with("tuple ") || other.starts_with("an array of length ") => {
            "an array"
        }
        other if other.starts_with("enum ") => "a string",
        other => other,
    }
}
