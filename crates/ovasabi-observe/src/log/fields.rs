//! Fields of events and spans, rendered as they are recorded.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};

use crate::redact::{MASK, Redactor};

/// Recorded fields: keys as they are, values rendered to JSON.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(&'static str, String)>);

impl Fields {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(key, value)| (*key, value.as_str()))
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value)
    }

    pub(super) fn visitor<'a>(&'a mut self, redactor: &'a Redactor) -> Visitor<'a> {
        Visitor {
            fields: self,
            redactor,
        }
    }

    /// The last value of a key wins: a field recorded later replaces what the span began with.
    fn set(&mut self, key: &'static str, value: String) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => self.0.push((key, value)),
        }
    }
}

pub(super) struct Visitor<'a> {
    fields: &'a mut Fields,
    redactor: &'a Redactor,
}

impl Visitor<'_> {
    fn put(&mut self, field: &Field, render: impl FnOnce() -> String) {
        let value = if self.redactor.hides(field.name()) {
            json_string(MASK)
        } else {
            render()
        };
        self.fields.set(field.name(), value);
    }
}

impl Visit for Visitor<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, || json_string(&format!("{value:?}")));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, || json_string(value));
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, || value.to_string());
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, || value.to_string());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, || value.to_string());
    }
    fn record_i128(&mut self, field: &Field, value: i128) {
        // Beyond what JSON readers hold exactly: as text.
        self.put(field, || json_string(&value.to_string()));
    }
    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, || json_string(&value.to_string()));
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no word for infinity or NaN.
        self.put(field, || {
            if value.is_finite() {
                value.to_string()
            } else {
                json_string(&value.to_string())
            }
        });
    }
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, || {
            let chain: Vec<_> = std::iter::successors(Some(value), |error| error.source())
                .map(ToString::to_string)
                .collect();
            json_string(&chain.join(": "))
        });
    }
}

/// `text` as a JSON string, quotes and escapes included.
///
/// JSON asks for the first 32 control characters only. The others steer terminals too (U+009B is what ESC and
/// `[` are), and two separators end a line for many that read one: all of them are escaped.
pub(super) fn json_string(text: &str) -> String {
    // A string always serialises.
    let json = serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned());
    if !json.contains(is_unsafe) {
        return json;
    }
    json.chars().fold(String::new(), |mut safe, character| {
        if is_unsafe(character) {
            let _ = write!(safe, "\\u{:04x}", u32::from(character));
        } else {
            safe.push(character);
        }
        safe
    })
}

/// None of them is beyond U+FFFF, so that four digits are enough.
fn is_unsafe(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}
