//! The numbers of a policy: read without a lock, changed while it runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::ticket::{UNLIMITED, nanos};
use crate::config::Check;

/// What a builder collects, and what a handle is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Config {
    pub(super) limit: Duration,
    pub(super) body_idle: Option<Duration>,
    pub(super) transit_margin: Duration,
}

/// The timers of tokio count in milliseconds; a shorter limit would not mean what it says.
const SHORTEST: Duration = Duration::from_millis(1);

impl Config {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            body_idle: None,
            transit_margin: Duration::ZERO,
        }
    }

    pub(super) fn check(&self, check: &mut Check) {
        let mut at_least = |key, value: Duration, allowed: &str| {
            if value < SHORTEST {
                check.problem(key, format!("{value:?}"), allowed);
            }
        };
        at_least("limit", self.limit, "1ms or more, Duration::MAX for none");
        if let Some(idle) = self.body_idle {
            at_least("body_idle", idle, "1ms or more, or None");
        }
        if self.limit >= SHORTEST && self.transit_margin >= self.limit {
            check.problem(
                "transit_margin",
                format!("{:?}", self.transit_margin),
                format!("less than the limit of {:?}", self.limit),
            );
        }
    }
}

/// Nanoseconds. All accesses are relaxed: each number stands alone, and a call that comes while several are
/// changed may see some of them changed already.
#[derive(Debug)]
pub(super) struct Numbers {
    limit: AtomicU64,
    body_idle: AtomicU64,
    transit_margin: AtomicU64,
}

impl Numbers {
    pub(super) fn new(config: &Config) -> Self {
        let numbers = Self {
            limit: AtomicU64::new(UNLIMITED),
            body_idle: AtomicU64::new(UNLIMITED),
            transit_margin: AtomicU64::new(0),
        };
        numbers.set(config);
        numbers
    }

    pub(super) fn set(&self, config: &Config) {
        store(&self.limit, Some(config.limit));
        store(&self.body_idle, config.body_idle);
        store(&self.transit_margin, Some(config.transit_margin));
    }

    pub(super) fn config(&self) -> Config {
        Config {
            limit: load(&self.limit).unwrap_or(Duration::MAX),
            body_idle: self.body_idle(),
            transit_margin: self.transit_margin(),
        }
    }

    /// In nanoseconds, or [`UNLIMITED`].
    #[inline]
    pub(super) fn limit(&self) -> u64 {
        self.limit.load(Ordering::Relaxed)
    }

    pub(super) fn body_idle(&self) -> Option<Duration> {
        load(&self.body_idle)
    }

    pub(super) fn transit_margin(&self) -> Duration {
        load(&self.transit_margin).unwrap_or(Duration::MAX)
    }
}

fn load(number: &AtomicU64) -> Option<Duration> {
    let nanos = number.load(Ordering::Relaxed);
    (nanos != UNLIMITED).then(|| Duration::from_nanos(nanos))
}

fn store(number: &AtomicU64, value: Option<Duration>) {
    number.store(value.map_or(UNLIMITED, nanos), Ordering::Relaxed);
}
