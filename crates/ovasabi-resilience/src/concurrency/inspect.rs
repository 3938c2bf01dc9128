//! Looking inside a limiter, and steering it.

use ovasabi_core::inspect::{Control, ControlError, Inspect, Labels, Metric, Snapshot};
use ovasabi_core::reject::Name;

use super::adaptive::Adaptive;
use super::shared::{Core, KIND};
use super::tally::Counter;

const CONTROLS: &[Control] = &[Control {
    action: "set_limit",
    help: "changes how many may run at once",
    argument: LIMIT,
}];
const LIMIT: &str = "1 to 4294967295, within the bounds of an adaptive limiter";

const FULL: Labels = &[("reason", "full")];
const QUEUE_FULL: Labels = &[("reason", "queue_full")];
const DISPLACED: Labels = &[("reason", "displaced")];
const QUEUE_TIMEOUT: Labels = &[("reason", "queue_timeout")];
const DEADLINE: Labels = &[("reason", "deadline")];
const CANCELLED: Labels = &[("reason", "cancelled")];

impl Inspect for Core {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name(&self) -> &Name {
        self.name()
    }

    fn snapshot(&self) -> Snapshot {
        let engine = self.engine();
        let tally = engine.tally();
        let queued = u32::try_from(engine.queued()).unwrap_or(u32::MAX);
        let snapshot = Snapshot::new()
            .with(denied(&tally.full, FULL))
            .with(denied(&tally.queue_full, QUEUE_FULL))
            .with(denied(&tally.displaced, DISPLACED))
            .with(denied(&tally.queue_timeout, QUEUE_TIMEOUT))
            .with(denied(&tally.deadline, DEADLINE))
            .with(denied(&tally.cancelled, CANCELLED))
            .with(Metric::gauge(
                "concurrency_limiter.in_flight",
                "slots taken",
                engine.in_flight().into(),
            ))
            .with(Metric::gauge(
                "concurrency_limiter.queued",
                "calls that wait for a slot",
                queued.into(),
            ))
            .with(Metric::gauge(
                "concurrency_limiter.limit",
                "slots there are",
                engine.limit().into(),
            ));
        match engine.adaptive() {
            None => snapshot,
            Some(adaptive) => with_signals(snapshot, adaptive),
        }
    }

    fn controls(&self) -> &'static [Control] {
        CONTROLS
    }

    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        if action != "set_limit" {
            return Err(ControlError::unknown(action, CONTROLS));
        }
        let limit = argument.and_then(|text| text.parse().ok());
        let limit = limit.filter(|limit| *limit > 0);
        let done = limit.map(|limit| self.set_limit(limit));
        match done {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) | None => Err(ControlError::argument(action, argument, LIMIT)),
        }
    }
}

/// What an adaptive limit is made from.
fn with_signals(snapshot: Snapshot, adaptive: &Adaptive) -> Snapshot {
    let (samples, drops) = adaptive.totals();
    snapshot
        .with(Metric::counter(
            "concurrency_limiter.samples",
            "successes whose latency counted",
            samples,
        ))
        .with(Metric::counter(
            "concurrency_limiter.drops",
            "calls that were too much: timed out, not served, throttled",
            drops,
        ))
        .with(Metric::counter(
            "concurrency_limiter.stale",
            "results from before the limit was set by hand",
            adaptive.tally.stale.value(),
        ))
        .with(Metric::gauge(
            "concurrency_limiter.latency_seconds",
            "mean latency of the last window",
            adaptive.latency().as_secs_f64(),
        ))
}

fn denied(count: &Counter, reason: Labels) -> Metric {
    Metric::counter(
        "concurrency_limiter.denied",
        "requests refused, or gone before they had a slot",
        count.value(),
    )
    .labels(reason)
}
