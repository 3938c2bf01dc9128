//! Additive increase, multiplicative decrease.

use std::time::Duration;

use super::{Fraction, LimitAlgorithm, problem};
use crate::concurrency::WindowStats;
use crate::config::Problem;

/// One more after each window that went well, a share less after one that did not: what TCP Reno does.
///
/// A window goes badly when a call of it was too much ([`WindowStats::drops`]) or took longer than
/// [`timeout`](Self::timeout). It knows nothing of latency below that: simple, and slow to notice. One step a
/// window, not one a call, which would grow with the rate.
///
/// Source: Netflix concurrency-limits, `AIMDLimit`.
#[derive(Clone, Debug)]
#[must_use]
pub struct Aimd {
    backoff: f64,
    timeout: Duration,
    limit: Fraction,
}

impl Aimd {
    /// With the defaults below.
    pub const fn new() -> Self {
        Self {
            backoff: 0.9,
            timeout: Duration::from_secs(5),
            limit: Fraction(0.0),
        }
    }

    /// What the limit is multiplied by when it was too high. 0.5 to 0.99; default 0.9.
    pub const fn backoff(mut self, factor: f64) -> Self {
        self.backoff = factor;
        self
    }

    /// From how long on a success is too late to be one. 1 ms to 1 h; default 5 s.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl Default for Aimd {
    fn default() -> Self {
        Self::new()
    }
}

impl LimitAlgorithm for Aimd {
    fn name(&self) -> &'static str {
        "aimd"
    }

    fn update(&mut self, window: &WindowStats<'_>) -> u32 {
        let limit = self.limit.in_force(window.limit());
        let is_late = window.max().is_some_and(|longest| longest >= self.timeout);
        self.limit.keep(if window.drops() > 0 || is_late {
            limit * self.backoff
        } else {
            limit + 1.0
        })
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let is_fine = (0.5..=0.99).contains(&self.backoff);
        problem(
            &mut problems,
            is_fine,
            "aimd.backoff",
            self.backoff,
            "0.5..=0.99",
        );
        let allowed = Duration::from_millis(1)..=Duration::from_secs(3_600);
        let is_fine = allowed.contains(&self.timeout);
        let timeout = format!("{:?}", self.timeout);
        problem(
            &mut problems,
            is_fine,
            "aimd.timeout",
            timeout,
            "1ms..=3600s",
        );
        problems
    }
}
