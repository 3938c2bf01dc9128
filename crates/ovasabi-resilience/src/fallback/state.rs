//! What is counted and switched: what all handles share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ovasabi_core::classify::Verdict;
use ovasabi_core::inspect::{Control, ControlError, Inspect, Labels, Metric, Snapshot};
use ovasabi_core::reject::Name;

use super::{Cause, Causes};

/// What a fallback is called in metrics and registries.
pub(super) const KIND: &str = "fallback";

#[derive(Debug)]
pub(crate) struct Core {
    name: Name,
    causes: AtomicU64,
    is_disabled: AtomicBool,
    counts: [[AtomicU64; OUTCOMES.len()]; CAUSES.len()],
}

/// What came of a call that the service did not answer well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The fallback answered.
    Answered,
    /// The fallback failed too.
    Failed,
    /// It had nothing to answer with: no stale copy.
    Missing,
    /// The call was dropped, or panicked, before the fallback had answered.
    Dropped,
    /// The fallback is switched off.
    Disabled,
}

const OUTCOMES: [Outcome; 5] = [
    Outcome::Answered,
    Outcome::Failed,
    Outcome::Missing,
    Outcome::Dropped,
    Outcome::Disabled,
];

const CAUSES: [&str; 3] = ["rejected", "failure", "throttled"];

macro_rules! labels {
    ($cause:literal) => {
        [
            &[("cause", $cause), ("outcome", "answered")],
            &[("cause", $cause), ("outcome", "failed")],
            &[("cause", $cause), ("outcome", "missing")],
            &[("cause", $cause), ("outcome", "dropped")],
            &[("cause", $cause), ("outcome", "disabled")],
        ]
    };
}

/// By cause and outcome, in the order of [`CAUSES`] and [`OUTCOMES`].
const LABELS: [[Labels; OUTCOMES.len()]; CAUSES.len()] = [
    labels!("rejected"),
    labels!("failure"),
    labels!("throttled"),
];

impl Core {
    pub(super) fn new(name: Name, causes: Causes) -> Self {
        Self {
            name,
            causes: AtomicU64::new(causes.bits()),
            is_disabled: AtomicBool::new(false),
            counts: std::array::from_fn(|_| std::array::from_fn(|_| AtomicU64::new(0))),
        }
    }

    /// The cause in a verdict, if it is one of those that it answers for. Off the way of a success.
    pub(super) fn select(&self, verdict: &Verdict) -> Option<Cause> {
        Cause::of(verdict).filter(|cause| self.causes().contains(*cause))
    }

    pub(super) fn count(&self, cause: Cause, outcome: Outcome) {
        if let Some(count) = self.cell(cause, outcome) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn counted(&self, cause: Cause, outcome: Outcome) -> u64 {
        self.cell(cause, outcome)
            .map_or(0, |count| count.load(Ordering::Relaxed))
    }

    // Relaxed in here: switches and counters that stand alone.
    pub(super) fn causes(&self) -> Causes {
        Causes::from_bits(self.causes.load(Ordering::Relaxed))
    }

    pub(super) fn set_causes(&self, causes: Causes) {
        self.causes.store(causes.bits(), Ordering::Relaxed);
    }

    pub(super) fn is_enabled(&self) -> bool {
        !self.is_disabled.load(Ordering::Relaxed)
    }

    pub(super) fn set_enabled(&self, is_enabled: bool) {
        self.is_disabled.store(!is_enabled, Ordering::Relaxed);
    }

    fn cell(&self, cause: Cause, outcome: Outcome) -> Option<&AtomicU64> {
        let row = match cause {
            Cause::Rejected(_) => 0,
            Cause::Failure => 1,
            Cause::Throttled => 2,
        };
        let column = OUTCOMES.iter().position(|known| *known == outcome)?;
        self.counts.get(row)?.get(column)
    }
}

const CONTROLS: &[Control] = &[
    Control {
        action: "disable",
        help: "returns what the service said, and counts it",
        argument: "",
    },
    Control {
        action: "enable",
        help: "answers again",
        argument: "",
    },
];

impl Inspect for Core {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let state = if self.is_enabled() {
            "enabled"
        } else {
            "disabled"
        };
        let counts = self.counts.iter().flatten();
        LABELS.into_iter().flatten().zip(counts).fold(
            Snapshot::new().with_state(state, &["enabled", "disabled"]),
            |snapshot, (labels, count)| {
                let count = count.load(Ordering::Relaxed);
                let metric = Metric::counter(
                    "fallback.calls",
                    "calls that the service did not answer well",
                    count,
                );
                snapshot.with(metric.labels(labels))
            },
        )
    }

    fn controls(&self) -> &'static [Control] {
        CONTROLS
    }

    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        if argument.is_some() {
            return Err(ControlError::argument(action, argument, "none"));
        }
        match action {
            "disable" => self.set_enabled(false),
            "enable" => self.set_enabled(true),
            _ => return Err(ControlError::unknown(action, CONTROLS)),
        }
        Ok(())
    }
}
