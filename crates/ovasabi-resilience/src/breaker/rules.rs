//! When a closed breaker opens, and how it goes on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
    pub(super) pause: Option<PauseRule>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SlowRule {
    /// From how many nanoseconds on a call is slow.
    pub(super) nanos: u64,
    pub(super) rate: f64,
    /// Whether calls count before they end.
    pub(super) in_flight: bool,
}

/// When a service says how long to leave it alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct PauseRule {
    /// No service is left alone for longer because it says so.
    pub(super) longest: Duration,
    /// Up to which share of the pause is added to it.
    pub(super) spread: f64,
}

/// The rules that calls read without the lock, each a number that may change at any time.
///
/// Relaxed throughout: each call goes by the old or the new value of each number, and what it finds is looked
/// at again under the lock, where they change. They are std's own in loom's models too: they take no part in
/// any protocol, and would multiply the interleavings.
#[derive(Debug)]
pub(super) struct LiveRules {
    /// [`OFF`], or failures in a row.
    consecutive: AtomicU64,
    /// The bits of a share; beyond every share when it is off.
    failure_rate: AtomicU64,
    /// [`OFF`], or nanoseconds.
    slow: AtomicU64,
    /// As `failure_rate`.
    slow_rate: AtomicU64,
    minimum_calls: AtomicU64,
    /// Nanoseconds.
    base_wait: AtomicU64,
    /// Whether the entry of a call has to be timed.
    timed: AtomicBool,
    /// Whether hints of the service are listened to.
    pauses: AtomicBool,
}

/// No count and no time reaches it.
const OFF: u64 = u64::MAX;

impl LiveRules {
    pub(super) fn new(rules: &Rules, is_timed: bool) -> Self {
        let live = Self {
            consecutive: AtomicU64::new(OFF),
            failure_rate: AtomicU64::new(0),
            slow: AtomicU64::new(OFF),
            slow_rate: AtomicU64::new(0),
            minimum_calls: AtomicU64::new(0),
            base_wait: AtomicU64::new(0),
            timed: AtomicBool::new(is_timed),
            pauses: AtomicBool::new(false),
        };
        live.set(rules, is_timed);
        live
    }

    /// Takes over new rules; `is_timed` says whether the window needs to know the time.
    pub(super) fn set(&self, rules: &Rules, is_timed: bool) {
        let set = |number: &AtomicU64, value| number.store(value, Ordering::Relaxed);
        let share = |share: Option<f64>| share.unwrap_or(f64::INFINITY).to_bits();
        set(&self.consecutive, rules.consecutive.unwrap_or(OFF));
        set(&self.failure_rate, share(rules.failure_rate));
        set(&self.slow, rules.slow.map_or(OFF, |slow| slow.nanos));
        set(&self.slow_rate, share(rules.slow.map(|slow| slow.rate)));
        set(&self.minimum_calls, rules.minimum_calls);
        set(&self.base_wait, nanos(rules.base_wait));
        self.timed
            .store(is_timed || rules.slow.is_some(), Ordering::Relaxed);
        self.pauses.store(rules.pause.is_some(), Ordering::Relaxed);
    }

    /// The first rule that is broken, in a fixed order. `overdue` calls are slow, though they have not ended.
    pub(super) fn broken(&self, run: u64, sum: Sum, overdue: u64) -> Option<Cause> {
        let minimum = self.minimum_calls();
        let share = |number: &AtomicU64| f64::from_bits(number.load(Ordering::Relaxed));
        if run >= self.consecutive.load(Ordering::Relaxed) {
            return Some(Cause::ConsecutiveFailures);
        }
        if sum.calls >= minimum && reaches(sum.failures, sum.calls, share(&self.failure_rate)) {
            return Some(Cause::FailureRate);
        }
        let (calls, slow) = (
            sum.calls.saturating_add(overdue),
            sum.slow.saturating_add(overdue),
        );
        (calls >= minimum && reaches(slow, calls, share(&self.slow_rate)))
            .then_some(Cause::SlowCallRate)
    }

    /// Whether a call that came in at `entered` is slow at `left`.
    pub(super) fn is_slow(&self, entered: Tick, left: Tick) -> bool {
        left.as_nanos().saturating_sub(entered.as_nanos()) >= self.slow.load(Ordering::Relaxed)
    }

    /// Whether slowness matters at all.
    #[inline]
    pub(super) fn minds_slowness(&self) -> bool {
        self.slow.load(Ordering::Relaxed) != OFF
    }

    /// From how many nanoseconds on a call is slow.
    pub(super) fn slow_nanos(&self) -> u64 {
        self.slow.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn minimum_calls(&self) -> u64 {
        self.minimum_calls.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn is_timed(&self) -> bool {
        self.timed.load(Ordering::Relaxed)
    }

    pub(super) fn minds_runs(&self) -> bool {
        self.consecutive.load(Ordering::Relaxed) != OFF
    }

    pub(super) fn pauses(&self) -> bool {
        self.pauses.load(Ordering::Relaxed)
    }

    pub(super) fn base_wait(&self) -> Duration {
        Duration::from_nanos(self.base_wait.load(Ordering::Relaxed))
    }
}

/// Those beyond 584 years count as that.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
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
