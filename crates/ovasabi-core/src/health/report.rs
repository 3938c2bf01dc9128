//! What a probe is told.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::StatusCode;
use serde::{Serialize, Serializer};

use super::{Level, Stage};

/// What a probe is told. Everything in it is public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub(super) status: Level,
    pub(super) stage: Stage,
    pub(super) checks: Vec<CheckReport>,
}

/// What a probe is told of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    pub(super) name: String,
    pub(super) status: Level,
    pub(super) critical: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "date")]
    pub(super) since: Option<SystemTime>,
    #[serde(
        rename = "duration_ms",
        skip_serializing_if = "Option::is_none",
        serialize_with = "millis"
    )]
    pub(super) duration: Option<Duration>,
}

impl Report {
    /// The worst of the checks, where an optional one that is down counts as degraded; down while the stage
    /// is not the one that the probe asks for.
    #[must_use]
    pub fn status(&self) -> Level {
        self.status
    }

    /// Where the process is in its life.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The checks that were asked, by name.
    #[must_use]
    pub fn checks(&self) -> &[CheckReport] {
        &self.checks
    }

    /// 503 when it is down, else 200.
    #[must_use]
    pub fn http_status(&self) -> StatusCode {
        match self.status {
            Level::Up | Level::Degraded => StatusCode::OK,
            Level::Down => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Its JSON text: `status`, `stage` and for each of `checks` its `name`, `status`, whether it is
    /// `critical`, and where known `why`, `since` (RFC 3339) and `duration_ms`.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists always serialise; an empty body is the honest rest.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl CheckReport {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is.
    #[must_use]
    pub fn status(&self) -> Level {
        self.status
    }

    /// Whether the service is down without it.
    #[must_use]
    pub fn is_critical(&self) -> bool {
        self.critical
    }

    /// Why it is not up, the public text alone.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// Since when it has this status.
    #[must_use]
    pub fn since(&self) -> Option<SystemTime> {
        self.since
    }

    /// How long its last run took.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        self.duration
    }
}

fn millis<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration.map(|duration| u64::try_from(duration.as_millis())) {
        Some(millis) => serializer.serialize_u64(millis.unwrap_or(u64::MAX)),
        None => serializer.serialize_none(),
    }
}

fn date<S: Serializer>(date: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match date {
        Some(date) => serializer.serialize_str(&rfc3339(*date)),
        None => serializer.serialize_none(),
    }
}

/// `2026-11-22T10:00:00Z`. Dates before 1970 count as 1970.
fn rfc3339(date: SystemTime) -> String {
    let seconds = date
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days to a date as in Howard Hinnant's "chrono-compatible low-level date algorithms": years begin in
    // March, so that the leap day is their last.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_rfc_3339() {
        let known = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_767_225_599, "2025-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (seconds, text) in known {
            assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }
}
