//! The settings of keys.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::reject::Name;
use ovasabi_core::time::{Clock, WallClock};

use super::{ApiKeyStore, ApiKeys};

/// Makes [`ApiKeys`].
#[must_use = "a builder does nothing until it is built"]
pub struct ApiKeysBuilder {
    pub(super) store: Arc<dyn ApiKeyStore>,
    pub(super) name: Name,
    pub(super) prefix: String,
    pub(super) environment: String,
    pub(super) cache_ttl: Duration,
    pub(super) cache_capacity: usize,
    pub(super) store_timeout: Duration,
    pub(super) last_used_interval: Duration,
    pub(super) max_failures: u32,
    pub(super) failure_window: Duration,
    pub(super) clock: Clock,
    pub(super) wall_clock: WallClock,
}

/// Everything that is wrong with the settings of keys, at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the API key settings are not valid: {}", .problems.join("; "))]
pub struct ConfigError {
    problems: Vec<String>,
}

impl ConfigError {
    /// Each problem with its setting, its value and what is allowed.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl ApiKeysBuilder {
    pub(super) fn new(store: Arc<dyn ApiKeyStore>) -> Self {
        Self {
            store,
            name: Name::from_static("api_key"),
            prefix: "ovk".to_owned(),
            environment: "live".to_owned(),
            cache_ttl: Duration::from_secs(30),
            cache_capacity: 1024,
            store_timeout: Duration::from_secs(2),
            last_used_interval: Duration::from_secs(60),
            max_failures: 20,
            failure_window: Duration::from_secs(60),
            clock: Clock::system(),
            wall_clock: WallClock::system(),
        }
    }

    /// By which keys are known as ours, by people and by scanners for secrets: 2 to 16 lower-case letters and
    /// digits, a letter first. Default: `ovk`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// For where keys are: those of another environment are refused. As [`prefix`](Self::prefix). Default: `live`.
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = environment.into();
        self
    }

    /// For how long a record that was read is believed, from 0 (never) to 10 min: as long may a key that was revoked
    /// by another process go on here. Default: 30 s.
    pub fn cache_ttl(mut self, ttl: Duration) -> Self {
        self.cache_ttl = ttl;
        self
    }

    /// How many records are kept at most, from 1 to 65536. Default: 1024.
    pub fn cache_capacity(mut self, keys: usize) -> Self {
        self.cache_capacity = keys;
        self
    }

    /// How long a request waits for the store at most, from 1 ms to 60 s; its context may end that earlier.
    /// Default: 2 s.
    pub fn store_timeout(mut self, timeout: Duration) -> Self {
        self.store_timeout = timeout;
        self
    }

    /// The last use of a key is written once in this time at most, and is wrong by as much at most: from 1 s to
    /// 24 h. Default: 60 s.
    pub fn last_used_interval(mut self, interval: Duration) -> Self {
        self.last_used_interval = interval;
        self
    }

    /// How many failures of one key at one address are answered with 401 before 429, from 1 to 1000, and over what
    /// time they are forgiven, evenly, from 1 s to 24 h. Default: 20 in 60 s.
    pub fn failures(mut self, max: u32, window: Duration) -> Self {
        (self.max_failures, self.failure_window) = (max, window);
        self
    }

    /// The name under which it is inspected. Default: `api_key`.
    pub fn name(mut self, name: impl Into<Name>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the clock that the cache, failures and limits go by. Default: the machine's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the date that keys begin and end by. Default: the machine's.
    pub fn wall_clock(mut self, clock: WallClock) -> Self {
        self.wall_clock = clock;
        self
    }

    /// Checks the settings. The store is not asked.
    ///
    /// # Errors
    /// [`ConfigError`] with every setting that is out of its range.
    pub fn build(self) -> Result<ApiKeys, ConfigError> {
        let problems = self.problems();
        match NonZeroU32::new(self.max_failures) {
            Some(max_failures) if problems.is_empty() => Ok(ApiKeys::assemble(self, max_failures)),
            _ => Err(ConfigError { problems }),
        }
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (key, word) in [("prefix", &self.prefix), ("environment", &self.environment)] {
            if !is_word(word) {
                problems.push(format!(
                    "{key}: {word:?} is not allowed, expected 2 to 16 lower-case letters and digits, a letter first"
                ));
            }
        }
        let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
        check(
            "cache_ttl",
            self.cache_ttl,
            Duration::ZERO..=10 * minute,
            &mut problems,
        );
        check(
            "cache_capacity",
            self.cache_capacity,
            1..=65_536,
            &mut problems,
        );
        let millisecond = Duration::from_millis(1);
        check(
            "store_timeout",
            self.store_timeout,
            millisecond..=minute,
            &mut problems,
        );
        check(
            "last_used_interval",
            self.last_used_interval,
            second..=DAY,
            &mut problems,
        );
        check("failures", self.max_failures, 1..=1000, &mut problems);
        check("failures", self.failure_window, second..=DAY, &mut problems);
        problems
    }
}

fn check<T: PartialOrd + Copy + std::fmt::Debug>(
    key: &str,
    value: T,
    range: RangeInclusive<T>,
    problems: &mut Vec<String>,
) {
    if !range.contains(&value) {
        let (start, end) = (range.start(), range.end());
        problems.push(format!(
            "{key}: {value:?} is not allowed, expected {start:?} to {end:?}"
        ));
    }
}

fn is_word(word: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (2..=16).contains(&word.len())
        && word.bytes().all(is_plain)
        && word.starts_with(|first: char| first.is_ascii_lowercase())
}

impl std::fmt::Debug for ApiKeysBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiKeysBuilder")
            .field("name", &self.name)
            .field("prefix", &self.prefix)
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}
