//! The knobs, and what they may be set to.

use std::fmt;
use std::time::Duration;

use ovasabi_core::backoff::{Exponential, Jitter};

use super::half_open::ProbeRules;
use super::rules::{PauseRule, Rules, SlowRule, fewest, nanos};
use crate::config::Check;

/// Which calls a rate is taken of: the `sliding_window` of a breaker.
///
/// | window | slides | memory |
/// |---|---|---|
/// | [`Window::time`] | by tenths of its length | 10 buckets |
/// | [`Window::calls`], up to 64 | call by call | 4 words |
/// | [`Window::calls`], above 64 | by tenths of its length | 10 buckets |
///
/// A time window answers "what share failed in the last half minute", whatever the load; a window of calls
/// reaches further back the fewer calls there are.
///
/// While a breaker runs, its window may become one of another length, but not one of another row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window(pub(super) Length);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    Time(Duration),
    Calls(u32),
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(length) => write!(f, "{length:?}"),
            Self::Calls(calls) => write!(f, "{calls} calls"),
        }
    }
}

impl Window {
    /// The calls of the last `length`, which is 10 ms to 1 h.
    #[must_use]
    pub const fn time(length: Duration) -> Self {
        Self(Length::Time(length))
    }

    /// The last `calls` calls, 1 to 1 000 000.
    #[must_use]
    pub const fn calls(calls: u32) -> Self {
        Self(Length::Calls(calls))
    }

    #[cfg(feature = "testkit")]
    pub(crate) const fn length(self) -> Length {
        self.0
    }
}

/// What a breaker is built from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Config {
    pub(super) consecutive_failures: Option<u32>,
    pub(super) failure_rate_threshold: Option<f64>,
    pub(super) slow_call_duration: Option<Duration>,
    pub(super) slow_call_rate_threshold: Option<f64>,
    pub(super) count_slow_in_flight: bool,
    pub(super) sliding_window: Window,
    pub(super) minimum_calls: u32,
    pub(super) wait_duration_in_open: Duration,
    pub(super) max_wait_duration_in_open: Duration,
    pub(super) wait_factor: f64,
    pub(super) wait_jitter: f64,
    pub(super) permitted_calls_in_half_open: u32,
    pub(super) probe_lease: Duration,
    pub(super) honour_retry_after: Option<Duration>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            consecutive_failures: None,
            failure_rate_threshold: Some(HALF),
            slow_call_duration: None,
            slow_call_rate_threshold: None,
            count_slow_in_flight: false,
            sliding_window: Window::time(Duration::from_secs(30)),
            minimum_calls: 20,
            wait_duration_in_open: Duration::from_secs(5),
            max_wait_duration_in_open: Duration::from_secs(60),
            wait_factor: 2.0,
            wait_jitter: 0.2,
            permitted_calls_in_half_open: 3,
            probe_lease: Duration::from_secs(30),
            honour_retry_after: None,
        }
    }
}

const HALF: f64 = 0.5;
const SLOW_SHARE: f64 = 0.8;
const MILLI: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// The ten buckets of the shortest window take a millisecond each.
const SHORTEST_WINDOW: Duration = Duration::from_millis(10);
/// A bucket counts to 2³²: within six minutes, that is more than ten million calls a second.
const LONGEST_WINDOW: Duration = HOUR;
const MOST_CALLS: u32 = 1_000_000;
const MOST_PROBES: u32 = 1_000;
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

impl Config {
    /// Looks at every knob; what is wrong goes to `check`.
    pub(super) fn check(&self, check: &mut Check) {
        if let Some(failures) = self.consecutive_failures {
            check.range("consecutive_failures", failures, 1..=u32::MAX);
        }
        if let Some(share) = self.failure_rate_threshold {
            check.share("failure_rate_threshold", share);
        }
        if let Some(duration) = self.slow_call_duration {
            check.duration("slow_call_duration", duration, MILLI..=HOUR);
        }
        if let Some(share) = self.slow_call_rate_threshold {
            check.share("slow_call_rate_threshold", share);
            if self.slow_call_duration.is_none() {
                check.problem(
                    "slow_call_rate_threshold",
                    share,
                    "set only together with slow_call_duration",
                );
            }
        }
        if self.count_slow_in_flight && self.slow_call_duration.is_none() {
            let allowed = "on only together with slow_call_duration";
            check.problem("count_slow_in_flight", "on", allowed);
        }
        let rules = (
            self.consecutive_failures,
            self.failure_rate_threshold,
            self.slow_call_duration,
        );
        if rules == (None, None, None) {
            let allowed = "on, or else consecutive_failures or slow_call_duration is";
            check.problem("failure_rate_threshold", "off", allowed);
        }
        self.check_window(check);
        check.duration(
            "wait_duration_in_open",
            self.wait_duration_in_open,
            MILLI..=LONGEST_WAIT,
        );
        let longest = self.wait_duration_in_open.min(LONGEST_WAIT)..=LONGEST_WAIT;
        check.duration(
            "max_wait_duration_in_open",
            self.max_wait_duration_in_open,
            longest,
        );
        check.range("wait_factor", self.wait_factor, 1.0..=10.0);
        check.range("wait_jitter", self.wait_jitter, 0.0..=0.5);
        check.range(
            "permitted_calls_in_half_open",
            self.permitted_calls_in_half_open,
            1..=MOST_PROBES,
        );
        check.duration("probe_lease", self.probe_lease, MILLI..=HOUR);
        if let Some(longest) = self.honour_retry_after {
            check.duration("honour_retry_after", longest, MILLI..=LONGEST_WAIT);
        }
    }

    fn check_window(&self, check: &mut Check) {
        match self.sliding_window.0 {
            Length::Time(length) => {
                check.duration("sliding_window", length, SHORTEST_WINDOW..=LONGEST_WINDOW);
                check.range("minimum_calls", self.minimum_calls, 1..=MOST_CALLS);
            }
            Length::Calls(calls) => {
                check.range("sliding_window", calls, 1..=MOST_CALLS);
                // More than the window holds are never in it.
                check.range(
                    "minimum_calls",
                    self.minimum_calls,
                    1..=calls.clamp(1, MOST_CALLS),
                );
            }
        }
    }

    /// The engine's settings; those that [`Config::check`] has passed.
    pub(super) fn rules(&self) -> Rules {
        let slow = self.slow_call_duration.map(|duration| SlowRule {
            nanos: nanos(duration),
            rate: self.slow_call_rate_threshold.unwrap_or(SLOW_SHARE),
            in_flight: self.count_slow_in_flight,
        });
        let permitted = self.permitted_calls_in_half_open;
        Rules {
            consecutive: self.consecutive_failures.map(u64::from),
            failure_rate: self.failure_rate_threshold,
            slow,
            minimum_calls: u64::from(self.minimum_calls),
            wait: Exponential::new(self.wait_duration_in_open, self.max_wait_duration_in_open)
                .factor(self.wait_factor)
                .jitter(Jitter::Ratio(self.wait_jitter)),
            base_wait: self.wait_duration_in_open,
            probes: ProbeRules {
                permitted,
                failures_to_open: fewest(permitted, self.failure_rate_threshold.unwrap_or(HALF)),
                slow_to_open: slow.map(|slow| fewest(permitted, slow.rate)),
                lease: self.probe_lease,
            },
            pause: self.honour_retry_after.map(|longest| PauseRule {
                longest,
                spread: self.wait_jitter,
            }),
        }
    }
}
