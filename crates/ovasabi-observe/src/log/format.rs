//! The two looks of a line.

use std::fmt::Write as _;
use std::time::SystemTime;

use ovasabi_core::Context;
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

/// Keys that the line itself uses; a field of that name is written with `field.` in front.
const RESERVED: [&str; 4] = ["time", "level", "target", "message"];

impl Line {
    pub(super) fn new(metadata: &Metadata<'_>, now: SystemTime, fields: &Fields) -> Self {
        let mut line = Self {
            time: rfc3339(now),
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
            self.members
                .push(("span_id", format!("\"{:016x}\"", trace.span_id())));
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
        let prefix = if RESERVED.contains(key) { "field." } else { "" };
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
    // escaped.
    let message = message.trim_matches('"').replace("\\\"", "\"");
    let mut text = format!("{time} {level:>5} {target}: {message}");
    for (key, value) in members {
        let _ = write!(text, " {key}={value}");
    }
    text.push('\n');
    text
}

/// A date in UTC as RFC 3339 writes it, to the microsecond.
fn rfc3339(date: SystemTime) -> String {
    let since = date
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:06}Z",
        since.subsec_micros()
    )
}

/// The date of a number of days since 1970, in the proleptic Gregorian calendar.
///
/// Source: H. Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
fn civil(days: u64) -> (u64, u64, u64) {
    // Counted from 0000-03-01, so that the leap day is the last of its year.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn dates_are_right_around_leap_days_and_century_ends() {
        let at = |seconds| rfc3339(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00.000000Z");
        assert_eq!(at(1_709_251_199), "2024-02-29T23:59:59.000000Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00.000000Z");
    }
}
