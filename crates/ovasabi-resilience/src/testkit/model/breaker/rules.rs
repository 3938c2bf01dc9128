//! What the model goes by.

use std::time::Duration;

use crate::breaker::Window;

/// What a [`Breaker`](super::Breaker) goes by: the knobs of
/// [`CircuitBreakerBuilder`](crate::breaker::CircuitBreakerBuilder), with its defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct BreakerRules {
    /// Where shares are taken; default 30 s. A length of time should be a multiple of 10 ns.
    pub window: Window,
    /// The fewest calls in the window that a share is taken of; default 20.
    pub minimum_calls: usize,
    /// Failures in a row that open it; default none.
    pub consecutive_failures: Option<u32>,
    /// The share of failures that opens it; default 0.5.
    pub failure_rate_threshold: Option<f64>,
    /// From when on a call is slow; default none.
    pub slow_call_duration: Option<Duration>,
    /// The share of slow calls that opens it; default 0.8.
    pub slow_call_rate_threshold: f64,
    /// Whether calls under way count as slow; default no. Needs `slow_call_duration`.
    pub count_slow_in_flight: bool,
    /// The length of the first break; default 5 s. Each further one is twice as long.
    pub wait_duration_in_open: Duration,
    /// The length of the longest break; default 60 s.
    pub max_wait_duration_in_open: Duration,
    /// Probes that decide whether it closes; default 3.
    pub permitted_calls_in_half_open: u32,
    /// How long a probe keeps its slot; default 30 s.
    pub probe_lease: Duration,
}

impl Default for BreakerRules {
    fn default() -> Self {
        Self {
            window: Window::time(Duration::from_secs(30)),
            minimum_calls: 20,
            consecutive_failures: None,
            failure_rate_threshold: Some(0.5),
            slow_call_duration: None,
            slow_call_rate_threshold: 0.8,
            count_slow_in_flight: false,
            wait_duration_in_open: Duration::from_secs(5),
            max_wait_duration_in_open: Duration::from_secs(60),
            permitted_calls_in_half_open: 3,
            probe_lease: Duration::from_secs(30),
        }
    }
}

impl BreakerRules {
    /// Whether so many failures are too many.
    pub(super) fn fails(&self, part: usize, whole: usize) -> bool {
        let limit = self.failure_rate_threshold;
        limit.is_some_and(|limit| share(part, whole) >= limit)
    }

    /// Whether so many slow calls are too many.
    pub(super) fn is_slow(&self, part: usize, whole: usize) -> bool {
        self.slow_call_duration.is_some() && share(part, whole) >= self.slow_call_rate_threshold
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nobody lets a model count to 2⁵³"
)]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}
