//! The breaker's numbers.

use std::time::Duration;

use ovasabi_core::config::duration;
use serde::{Deserialize, Serialize};

use crate::breaker::{CircuitBreakerBuilder, Window};

/// The numbers of a [`CircuitBreaker`](crate::breaker::CircuitBreaker), as its builder knows them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct BreakerConfig {
    /// Failures in a row that open it; default 7, none for no such rule.
    pub consecutive_failures: Option<u32>,
    /// The share of failures that opens it; default 0.5, none for no such rule.
    pub failure_rate_threshold: Option<f64>,
    /// From when on a call is slow; default none.
    #[serde(with = "duration::option")]
    pub slow_call_duration: Option<Duration>,
    /// The share of slow calls that opens it; default 0.8. Needs `slow_call_duration`.
    pub slow_call_rate_threshold: Option<f64>,
    /// How far back shares are taken; default 30 s.
    #[serde(with = "duration")]
    pub window: Duration,
    /// The fewest calls in the window that a share is taken of; default 20.
    pub minimum_calls: u32,
    /// The length of the first break; default 5 s.
    #[serde(with = "duration")]
    pub wait_duration_in_open: Duration,
    /// The length of the longest break; default 60 s.
    #[serde(with = "duration")]
    pub max_wait_duration_in_open: Duration,
    /// Probes that decide whether it closes; default 3.
    pub permitted_calls_in_half_open: u32,
    /// How long a probe keeps its slot; default 30 s.
    #[serde(with = "duration")]
    pub probe_lease: Duration,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            consecutive_failures: Some(7),
            failure_rate_threshold: Some(0.5),
            slow_call_duration: None,
            slow_call_rate_threshold: None,
            window: Duration::from_secs(30),
            minimum_calls: 20,
            wait_duration_in_open: Duration::from_secs(5),
            max_wait_duration_in_open: Duration::from_secs(60),
            permitted_calls_in_half_open: 3,
            probe_lease: Duration::from_secs(30),
        }
    }
}

impl BreakerConfig {
    pub(in super::super) fn apply(&self, builder: CircuitBreakerBuilder) -> CircuitBreakerBuilder {
        let builder = builder
            .consecutive_failures(self.consecutive_failures)
            .failure_rate_threshold(self.failure_rate_threshold)
            .slow_call_duration(self.slow_call_duration)
            .sliding_window(Window::time(self.window))
            .minimum_calls(self.minimum_calls)
            .wait_duration_in_open(self.wait_duration_in_open)
            .max_wait_duration_in_open(self.max_wait_duration_in_open)
            .permitted_calls_in_half_open(self.permitted_calls_in_half_open)
            .probe_lease(self.probe_lease);
        match self.slow_call_rate_threshold {
            Some(share) => builder.slow_call_rate_threshold(share),
            None => builder,
        }
    }

    pub(in super::super) fn explain(&self) -> String {
        let mut rules = Vec::new();
        if let Some(failures) = self.consecutive_failures {
            rules.push(format!("{failures} failures in a row"));
        }
        if let Some(share) = self.failure_rate_threshold {
            rules.push(format!(
                "{share} of at least {} calls in {} fail",
                self.minimum_calls,
                duration::format(self.window)
            ));
        }
        if let Some(slow) = self.slow_call_duration {
            let share = self.slow_call_rate_threshold.unwrap_or(0.8);
            rules.push(format!("{share} take over {}", duration::format(slow)));
        }
        format!(
            "opens when {}; for {} to {}, then {} probes",
            rules.join(", or "),
            duration::format(self.wait_duration_in_open),
            duration::format(self.max_wait_duration_in_open),
            self.permitted_calls_in_half_open
        )
    }
}
