//! A read-only copy of a breaker's numbers.

use std::ops::AddAssign;
use std::time::Duration;

use ovasabi_core::inspect::{self, Metric};
use ovasabi_core::time::Tick;

use super::state::Engine;
use super::{Mode, State};

/// What a breaker looked like at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snapshot {
    state: State,
    mode: Mode,
    generation: u64,
    retry_after: Option<Duration>,
    window: WindowCounts,
    totals: Totals,
}

/// The calls in the sliding window; while the breaker is not closed, those that opened it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WindowCounts {
    /// All calls.
    pub calls: u64,
    /// Those that failed or were throttled.
    pub failures: u64,
    /// Those that were slow.
    pub slow: u64,
    /// Calls beside those in the window that have not ended, and are slow already; 0 unless they are counted
    /// ([`count_slow_in_flight`](super::CircuitBreakerBuilder::count_slow_in_flight)).
    pub slow_in_flight: u64,
}

/// What was counted since the breaker was built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Calls that succeeded.
    pub successes: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Calls that were throttled.
    pub throttled: u64,
    /// Calls that said nothing, or were dropped.
    pub ignored: u64,
    /// Calls that were slow, whatever else they were.
    pub slow: u64,
    /// Results that came too late to count.
    pub late: u64,
    /// Calls that were refused.
    pub rejected: u64,
    /// Transitions to open.
    pub opened: u64,
    /// Transitions to half open.
    pub half_opened: u64,
    /// Transitions to closed.
    pub closed: u64,
    /// Transitions to a mode that somebody forced.
    pub forced: u64,
}

impl Snapshot {
    pub(super) fn of(engine: &Engine, now: Tick) -> Self {
        let sum = engine.sum(now);
        let tally = engine.tally();
        let (failures, throttled) = (tally.failures.value(), tally.throttled.value());
        Self {
            state: engine.state(now),
            mode: engine.mode(),
            generation: engine.generation(),
            retry_after: engine.refusal(|| now).map(|refusal| refusal.retry_after),
            window: WindowCounts {
                calls: sum.calls,
                failures: sum.failures,
                slow: sum.slow,
                slow_in_flight: engine.slow_in_flight(now),
            },
            totals: Totals {
                successes: engine
                    .lifetime()
                    .saturating_sub(failures)
                    .saturating_sub(throttled),
                failures,
                throttled,
                ignored: tally.ignored.value(),
                slow: tally.slow.value(),
                late: tally.late.value(),
                rejected: tally.rejected.value(),
                opened: tally.opened.value(),
                half_opened: tally.half_opened.value(),
                closed: tally.closed.value(),
                forced: tally.forced.value(),
            },
        }
    }

    /// What it was.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Who decided.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// How many transitions there were, those of forgetting included.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// When a call has its next chance; `None` if it had one then.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The calls in the window.
    #[must_use]
    pub fn window(&self) -> WindowCounts {
        self.window
    }

    /// What was counted since the breaker was built.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    pub(crate) fn to_inspect(self) -> inspect::Snapshot {
        let snapshot = inspect::Snapshot::new().with_state(self.state.label(), State::LABELS);
        let snapshot = self
            .totals
            .metrics()
            .into_iter()
            .fold(snapshot, inspect::Snapshot::with);
        snapshot
            .with(Metric::gauge(
                "circuit_breaker.window.calls",
                "calls in the window",
                ratio(self.window.calls, 1),
            ))
            .with(Metric::gauge(
                "circuit_breaker.slow_in_flight",
                "calls that are slow and have not ended, where they are counted",
                ratio(self.window.slow_in_flight, 1),
            ))
            .with(Metric::gauge(
                "circuit_breaker.failure_rate",
                "share of the window that failed or was throttled",
                ratio(self.window.failures, self.window.calls),
            ))
            .with(Metric::gauge(
                "circuit_breaker.slow_call_rate",
                "share of the window that was slow",
                ratio(self.window.slow, self.window.calls),
            ))
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.successes += other.successes;
        self.failures += other.failures;
        self.throttled += other.throttled;
        self.ignored += other.ignored;
        self.slow += other.slow;
        self.late += other.late;
        self.rejected += other.rejected;
        self.opened += other.opened;
        self.half_opened += other.half_opened;
        self.closed += other.closed;
        self.forced += other.forced;
    }
}

impl Totals {
    pub(crate) fn metrics(&self) -> [Metric; 11] {
        let call = |labels, count| {
            Metric::counter("circuit_breaker.calls", "calls by result", count).labels(labels)
        };
        let to = |labels, count| {
            Metric::counter("circuit_breaker.transitions", "changes of state", count).labels(labels)
        };
        [
            call(&[("outcome", "success")], self.successes),
            call(&[("outcome", "failure")], self.failures),
            call(&[("outcome", "throttled")], self.throttled),
            call(&[("outcome", "ignored")], self.ignored),
            call(&[("outcome", "late")], self.late),
            call(&[("outcome", "rejected")], self.rejected),
            Metric::counter(
                "circuit_breaker.slow_calls",
                "calls that were slow",
                self.slow,
            ),
            to(&[("to", "open")], self.opened),
            to(&[("to", "half_open")], self.half_opened),
            to(&[("to", "closed")], self.closed),
            to(&[("to", "forced")], self.forced),
        ]
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge for people")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
