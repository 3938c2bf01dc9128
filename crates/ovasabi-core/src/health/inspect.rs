//! How a health describes itself.

use std::sync::atomic::Ordering;

use super::cell::Cell;
use super::state::State;
use super::{Level, Stage};
use crate::inspect::{Control, ControlError, Inspect, Labels, Metric, Snapshot};
use crate::reject::Name;

impl Inspect for State {
    fn kind(&self) -> &'static str {
        "health"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    /// What the checks said last: asking them is the probes' work.
    fn snapshot(&self) -> Snapshot {
        let cells = self.cells();
        let sum = |count: fn(&Cell) -> u64| cells.iter().map(|cell| count(cell)).sum();
        let mut snapshot = Snapshot::new()
            .with_state(self.stage().label(), Stage::LABELS)
            .with(Metric::counter(
                "health.check.runs",
                "checks that were run",
                sum(|cell| cell.counts.runs.load(Ordering::Relaxed)),
            ))
            .with(Metric::counter(
                "health.check.timeouts",
                "checks that did not answer in time",
                sum(|cell| cell.counts.timeouts.load(Ordering::Relaxed)),
            ))
            .with(Metric::counter(
                "health.check.downs",
                "checks that said down, timeouts among them",
                sum(|cell| cell.counts.downs.load(Ordering::Relaxed)),
            ));
        for (level, labels) in LEVELS {
            let count = cells
                .iter()
                .filter(|cell| cell.last().is_some_and(|last| last.status.level() == level));
            // There are fewer than 2^32 checks.
            let count = f64::from(u32::try_from(count.count()).unwrap_or(u32::MAX));
            snapshot = snapshot.with(
                Metric::gauge("health.checks", "what checks said last", count).labels(labels),
            );
        }
        snapshot
    }

    fn controls(&self) -> &'static [Control] {
        CONTROLS
    }

    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        let _ = argument;
        match action {
            "drain" => {
                self.enter(Stage::Draining);
                Ok(())
            }
            _ => Err(ControlError::unknown(action, CONTROLS)),
        }
    }
}

const CONTROLS: &[Control] = &[Control {
    action: "drain",
    help: "say not ready until the process ends",
    argument: "",
}];

const LEVELS: [(Level, Labels); 3] = [
    (Level::Up, &[("status", "up")]),
    (Level::Degraded, &[("status", "degraded")]),
    (Level::Down, &[("status", "down")]),
];
