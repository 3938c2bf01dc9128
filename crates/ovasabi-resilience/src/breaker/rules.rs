//! When a closed breaker opens.

use std::time::Duration;

use ovasabi_core::backoff::Exponential;
use ovasabi_core::time::Tick;

use super::Cause;
use super::half_open::ProbeRules;
use super::window::Sum;

/// The validated settings of the engine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) consecutive: Option<u64>,
    pub(super) failure_rate: Option<f64>,
    pub(super) slow: Option<SlowRule>,
    pub(super) minimum_calls: u64,
    pub(super) wait: Exponential,
    /// The break before it has grown or was spread.
    pub(super) base_wait: Duration,
    pub(super) probes: ProbeRules,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct SlowRule {
    /// From how many nanoseconds on a call is slow.
    pub(super) nanos: u64,
    pub(super) rate: f64,
}

impl Rules {
    /// The first rule that is broken, in a fixed order.
    pub(super) fn broken(&self, run: u64, sum: Sum) -> Option<Cause> {
        if self.consecutive.is_some_and(|limit| run >= limit) {
            return Some(Cause::ConsecutiveFailures);
        }
        if sum.calls < self.minimum_calls {
            return None;
        }
        let reaches = |part, limit| reaches(part, sum.calls, limit);
        if self
            .failure_rate
            .is_some_and(|limit| reaches(sum.failures, limit))
        {
            return Some(Cause::FailureRate);
        }
        if self.slow.is_some_and(|slow| reaches(sum.slow, slow.rate)) {
            return Some(Cause::SlowCallRate);
        }
        None
    }
}

impl SlowRule {
    #[inline]
    pub(super) fn applies(self, entered: Tick, left: Tick) -> bool {
        left.as_nanos().saturating_sub(entered.as_nanos()) >= self.nanos
    }
}

/// The fewest of `whole` that reach `limit`, at least 1.
pub(super) fn fewest(whole: u32, limit: f64) -> u32 {
    (1..whole)
        .find(|part| reaches(u64::from(*part), u64::from(whole), limit))
        .unwrap_or(whole)
}

/// Whether `part` of `whole` is at or above `limit`.
///
/// A quotient is rounded as the literal `0.07` was, so that 7 of 100 reach it; a product is not.
#[expect(
    clippy::cast_precision_loss,
    reason = "windows hold far fewer than 2⁵² calls"
)]
pub(super) fn reaches(part: u64, whole: u64, limit: f64) -> bool {
    whole > 0 && part as f64 / whole as f64 >= limit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_at_the_limit_reaches_it() {
        for percent in 1..=100_u32 {
            let limit = f64::from(percent) / 100.0;
            assert!(reaches(u64::from(percent), 100, limit), "{percent}");
            assert!(!reaches(u64::from(percent) - 1, 100, limit), "{percent}");
            assert_eq!(fewest(100, limit), percent);
        }
    }

    #[test]
    fn the_fewest_probes_are_at_least_one_and_at_most_all() {
        assert_eq!(
            (
                fewest(3, 0.5),
                fewest(3, 0.01),
                fewest(3, 1.0),
                fewest(1, 0.5)
            ),
            (2, 1, 3, 1)
        );
    }
}
