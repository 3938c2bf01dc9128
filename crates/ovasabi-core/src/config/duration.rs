//! Durations as people write them: `250ms`, `5s`, `1h30m`.
//!
//! The loader reads every [`std::time::Duration`] this way by itself. Use the module for structs that other
//! formats read too; [`option`] is its twin for `Option<Duration>`.
//!
//! The text is one or more whole numbers, each with a unit (`ns`, `us`, `ms`, `s`, `m`, `h`, `d`), added up. A
//! bare number is refused: nobody can tell whether it means seconds or milliseconds.
//!
//! ```
//! use std::time::Duration;
//!
//! #[derive(serde::Deserialize, serde::Serialize)]
//! struct Settings {
//!     #[serde(with = "ovasabi_core::config::duration")]
//!     timeout: Duration,
//!     #[serde(default, with = "ovasabi_core::config::duration::option")]
//!     idle: Option<Duration>,
//! }
//!
//! let settings: Settings = serde_json::from_str(r#"{ "timeout": "1m30s" }"#).unwrap();
//! assert_eq!(settings.timeout, Duration::from_secs(90));
//! assert_eq!(serde_json::to_string(&settings).unwrap(), r#"{"timeout":"1m30s","idle":null}"#);
//! assert!(serde_json::from_str::<Settings>(r#"{ "timeout": 90 }"#).is_err());
//! ```

use std::fmt;
use std::time::Duration;

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::ser::Serializer;

pub(super) const EXPECTED: &str = "a duration such as `250ms`, `5s` or `1h30m`";

/// The units, in nanoseconds, from the largest to the smallest.
const UNITS: [(&str, u128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Reads a duration; `None` if the text is none or too long for the type.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total: u128 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let tail = tail.trim_start();
        let end = tail
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let unit = if unit == "µs" { "us" } else { unit };
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.parse::<u128>().ok()?.checked_mul(*scale)?)?;
        rest = tail.trim_start();
    }
    let seconds = u64::try_from(total / 1_000_000_000).ok()?;
    let nanos = u32::try_from(total % 1_000_000_000).ok()?;
    Some(Duration::new(seconds, nanos))
}

/// Writes a duration so that [`parse`] reads it back without loss.
#[must_use]
pub fn format(duration: Duration) -> String {
    let mut rest = duration.as_nanos();
    let mut text = String::new();
    for (name, scale) in UNITS {
        if rest >= scale {
            text.push_str(&format!("{}{name}", rest / scale));
            rest %= scale;
        }
    }
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

/// For `#[serde(with = …)]`.
///
/// # Errors
///
/// What the serializer says.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*duration))
}

/// For `#[serde(with = …)]`.
///
/// # Errors
///
/// If the value is not a text that [`parse`] reads.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_str(DurationVisitor)
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

/// The same for `Option<Duration>`; say `#[serde(default)]` too.
pub mod option {
    use super::{Deserializer, Duration, DurationVisitor, Error, Serializer, Visitor, fmt};

    /// For `#[serde(with = …)]`.
    ///
    /// # Errors
    ///
    /// What the serializer says.
    pub fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// For `#[serde(with = …)]`.
    ///
    /// # Errors
    ///
    /// If there is a value that is not a text that [`parse`](super::parse) reads.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        deserializer.deserialize_option(OptionVisitor)
    }

    struct OptionVisitor;

    impl<'de> Visitor<'de> for OptionVisitor {
        type Value = Option<Duration>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            DurationVisitor.expecting(f)
        }

        fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
            super::deserialize(inner).map(Some)
        }
    }
}
