//! The two looks of a line.

use std::fmt::Write as _;
use std::time::SystemTime;

use ovasabi_core::Context;
use ovasabi_core::time::Rfc3339;
use tracing::Metadata;

use super::fields::{Fields, json_string};

/// One line before it is text.
pub(super) struct Line {
    time: String,
    level: &'static str,
    target: String,
    message: String,
    /// Keys and JSON values; the first of a key is the innermost.
    members: Vec<(&'static str, String)>,
}

/// Keys that the line itself uses; a field of that name is written with `field.` in front, and so is one that
/// has that in front already, lest the two meet.
const RESERVED: [&str; 4] = ["time", "level", "target", "message"];
const PREFIX: &str = "field.";

impl Line {
    pub(super) fn new(metadata: &Metadata<'_>, now: SystemTime, fields: &Fields) -> Self {
        let mut line = Self {
            time: format!("{:.6}", Rfc3339(now)),
            level: metadata.level().as_str(),
            target: metadata.target().to_owned(),
            message: fields.get("message").unwrap_or("\"\"").to_owned(),
            members: Vec::new(),
        };
        line.add(fields);
        line
    }

    /// Adds fields that are not there yet.
    pub(super) fn add(&mut self, fields: &Fields) {
        for (key, value) in fields.iter() {
            if key != "message" && !self.has(key) {
                self.members.push((key, value.to_owned()));
            }
        }
    }

    /// Adds the ids of the current context, where no span has told them.
    pub(super) fn add_ids(&mut self) {
        let Some(context) = Context::current() else {
            return;
        };
        if let Some(id) = context.request_id()
            && !self.has("request_id")
        {
            self.members.push(("request_id", json_string(id.as_str())));
        }
        if let Some(trace) = context.trace()
            && !self.has("trace_id")
        {
            self.members
                .push(("trace_id", format!("\"{:032x}\"", trace.trace_id())));
            if !self.has("span_id") {
                self.members
                    .push(("span_id", format!("\"{:016x}\"", trace.span_id())));
            }
        }
    }

    fn has(&self, key: &str) -> bool {
        self.members.iter().any(|(known, _)| *known == key)
    }
}

pub(super) fn json(line: &Line) -> String {
    let Line {
        time,
        level,
        target,
        message,
        members,
    } = line;
    let target = json_string(target);
    let mut text = format!(
        "{{\"time\":\"{time}\",\"level\":\"{level}\",\"target\":{target},\"message\":{message}"
    );
    for (key, value) in members {
        let bare = key.trim_start_matches(PREFIX);
        let prefix = if RESERVED.contains(&bare) { PREFIX } else { "" };
        let key = json_string(&format!("{prefix}{key}"));
        let _ = write!(text, ",{key}:{value}");
    }
    text.push_str("}\n");
    text
}

pub(super) fn human(line: &Line) -> String {
    let Line {
        time,
        level,
        target,
        message,
        members,
    } = line;
    // The message is a JSON string: without its quotes it is readable and its control characters are still
    // escaped. One quote at each end: what it says itself may begin or end with more.
    let bare = message
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let message = bare.unwrap_or(message).replace("\\\"", "\"");
    let mut text = format!("{time} {level:>5} {target}: {message}");
    for (key, value) in members {
        let _ = write!(text, " {key}={value}");
    }
    text.push('\n');
    text
}
