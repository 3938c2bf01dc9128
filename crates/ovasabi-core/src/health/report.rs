//! What a probe is told.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use serde::{Serialize, Serializer};

use super::cell::{Answer, Cell};
use super::watchdog::Dog;
use super::{Level, Stage};
use crate::time::Rfc3339;

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
    /// The worst of the checks, at least `floor`.
    pub(super) fn new(floor: Level, stage: Stage, mut checks: Vec<CheckReport>) -> Self {
        checks.sort_by(|one, other| one.name.cmp(&other.name));
        let worst = checks
            .iter()
            .map(CheckReport::weight)
            .max()
            .unwrap_or(Level::Up);
        Self {
            status: worst.max(floor),
            stage,
            checks,
        }
    }

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
    pub(super) fn of_check(cell: &Cell, answer: &Answer) -> Self {
        Self {
            name: cell.name.as_str().to_owned(),
            status: answer.status.level(),
            critical: cell.options.critical,
            why: answer.status.why().map(ToString::to_string),
            since: Some(answer.since),
            duration: Some(answer.took),
        }
    }

    pub(super) fn of_dog(dog: &Dog) -> Self {
        let status = dog.status();
        Self {
            name: dog.name.as_str().to_owned(),
            status: status.level(),
            critical: true,
            why: status.why().map(ToString::to_string),
            since: None,
            duration: None,
        }
    }

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

    /// What it means for the whole.
    fn weight(&self) -> Level {
        match self.status {
            Level::Down if !self.critical => Level::Degraded,
            level => level,
        }
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
        Some(date) => serializer.collect_str(&Rfc3339(*date)),
        None => serializer.serialize_none(),
    }
}
