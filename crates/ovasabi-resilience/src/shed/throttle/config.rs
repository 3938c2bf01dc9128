//! The knobs, and what they may be set to.

use std::time::Duration;

use crate::config::Check;

/// What a throttle is built from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config {
    pub(super) multiplier: f64,
    pub(super) window: Duration,
    pub(super) minimum_requests: u32,
    pub(super) max_rejection_rate: f64,
    pub(super) accept_failures: bool,
    pub(super) accept_throttled: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            multiplier: 2.0,
            window: Duration::from_secs(120),
            minimum_requests: 20,
            max_rejection_rate: 1.0,
            accept_failures: false,
            accept_throttled: false,
        }
    }
}

/// Below 1 it would refuse requests to a service that accepts all of them.
const LEAST_MULTIPLIER: f64 = 1.0;
const MOST_MULTIPLIER: f64 = 100.0;
const SHORTEST_WINDOW: Duration = Duration::from_secs(1);
/// A bucket counts to 2³²: within six minutes, that is more than ten million requests a second.
const LONGEST_WINDOW: Duration = Duration::from_secs(60 * 60);
const MOST_REQUESTS: u32 = 1_000_000;

impl Config {
    /// Looks at every knob; what is wrong goes to `check`.
    pub(super) fn check(&self, check: &mut Check) {
        check.range(
            "multiplier",
            self.multiplier,
            LEAST_MULTIPLIER..=MOST_MULTIPLIER,
        );
        check.duration("window", self.window, SHORTEST_WINDOW..=LONGEST_WINDOW);
        check.range("minimum_requests", self.minimum_requests, 1..=MOST_REQUESTS);
        check.share("max_rejection_rate", self.max_rejection_rate);
    }
}
