//! A read-only copy of a throttle's numbers.

use ovasabi_core::inspect::{self, Metric};

use super::super::chance::lossy;
use super::shared::Core;

/// What a throttle looked like at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The probability with which a request is refused, 0 to 1, were it enabled.
    pub rejection_rate: f64,
    /// The requests in the window, refused ones too.
    pub window_requests: u64,
    /// Those of them that the service accepted.
    pub window_accepts: u64,
    /// Whether it refuses anything at all.
    pub is_enabled: bool,
    /// What was counted since it was built.
    pub totals: Totals,
}

/// What a throttle has counted since it was built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Requests that succeeded.
    pub successes: u64,
    /// Requests that failed.
    pub failures: u64,
    /// Requests that the service throttled.
    pub throttled: u64,
    /// Requests that said nothing about the service, or were dropped.
    pub ignored: u64,
    /// Requests that it refused.
    pub shed: u64,
}

impl Snapshot {
    pub(super) fn of(core: &Core) -> Self {
        let now = core.clock.now();
        let counts = core.engine.counts(now);
        let tally = core.engine.tally();
        Self {
            rejection_rate: core.engine.rejection_rate(now),
            window_requests: counts.requests,
            window_accepts: counts.accepts,
            is_enabled: core.is_enabled(),
            totals: Totals {
                successes: core.engine.successes(),
                failures: tally.failures.value(),
                throttled: tally.throttled.value(),
                ignored: tally.ignored.value(),
                shed: tally.shed.value(),
            },
        }
    }

    pub(super) fn to_inspect(self) -> inspect::Snapshot {
        let state = if self.is_enabled {
            "enabled"
        } else {
            "disabled"
        };
        let call = |labels, count| {
            Metric::counter("throttle.calls", "calls by result", count).labels(labels)
        };
        let totals = self.totals;
        inspect::Snapshot::new()
            .with_state(state, &["enabled", "disabled"])
            .with(call(&[("outcome", "success")], totals.successes))
            .with(call(&[("outcome", "failure")], totals.failures))
            .with(call(&[("outcome", "throttled")], totals.throttled))
            .with(call(&[("outcome", "ignored")], totals.ignored))
            .with(call(&[("outcome", "shed")], totals.shed))
            .with(Metric::gauge(
                "throttle.rejection_rate",
                "probability of a refusal",
                self.rejection_rate,
            ))
            .with(Metric::gauge(
                "throttle.window.requests",
                "requests in the window",
                lossy(self.window_requests),
            ))
            .with(Metric::gauge(
                "throttle.window.accepts",
                "requests in the window that were accepted",
                lossy(self.window_accepts),
            ))
    }
}
