//! The effective values as TOML.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::duration;
use super::read::{Schema, scrub};
use super::secret::REDACTED;
use super::tree::{Path, Step};

/// Every value that is set, with its path. What does not serialize is one line that says so.
pub(super) fn values(value: &impl Serialize, schema: &Schema) -> Vec<(String, String)> {
    let mut out = Vec::new();
    match serde_json::to_value(value) {
        Ok(json) => flatten(&json, &mut Path::default(), schema, &mut out),
        Err(_) => out.push(("configuration".to_owned(), text("cannot be shown"))),
    }
    out
}

fn flatten(json: &Json, path: &mut Path, schema: &Schema, out: &mut Vec<(String, String)>) {
    match json {
        Json::Object(entries) if as_duration(entries).is_none() => {
            for (key, value) in entries {
                path.push(step(schema, path, key));
                flatten(value, path, schema, out);
                path.pop();
            }
        }
        Json::Null => {}
        _ => out.push((path.to_string(), inline(json, path, schema))),
    }
}

fn inline(json: &Json, path: &mut Path, schema: &Schema) -> String {
    match json {
        Json::Null => text(""),
        Json::Bool(value) => value.to_string(),
        // A name alone does not make a secret of a number: `max_token = 5`.
        Json::Number(number) if !schema.is_typed_secret(path) => number.to_string(),
        _ if schema.is_secret(path) => text(REDACTED),
        Json::Number(number) => number.to_string(),
        Json::String(value) => text(&scrub(value)),
        Json::Array(values) => {
            let mut shown = Vec::new();
            for (index, value) in values.iter().enumerate() {
                path.push(Step::Index(index));
                shown.push(inline(value, path, schema));
                path.pop();
            }
            format!("[{}]", shown.join(", "))
        }
        Json::Object(entries) => match as_duration(entries) {
            Some(value) => text(&duration::format(value)),
            None => {
                let mut shown = Vec::new();
                for (key, value) in entries.iter().filter(|(_, value)| !value.is_null()) {
                    let mut name = Path::default();
                    name.push(Step::Entry(key.clone()));
                    path.push(step(schema, path, key));
                    shown.push(format!("{name} = {}", inline(value, path, schema)));
                    path.pop();
                }
                format!("{{ {} }}", shown.join(", "))
            }
        },
    }
}

fn step(schema: &Schema, path: &Path, key: &str) -> Step {
    match schema.step(&path.shape(), key) {
        Step::Each => Step::Entry(key.to_owned()),
        field => field,
    }
}

/// serde writes a [`Duration`] as two numbers; people do not.
fn as_duration(entries: &Map<String, Json>) -> Option<Duration> {
    let (seconds, nanos) = (
        entries.get("secs")?.as_u64()?,
        entries.get("nanos")?.as_u64()?,
    );
    let nanos = u32::try_from(nanos)
        .ok()
        .filter(|nanos| *nanos < 1_000_000_000 && entries.len() == 2)?;
    Some(Duration::new(seconds, nanos))
}

fn text(value: &str) -> String {
    toml::Value::String(value.to_owned()).to_string()
}
