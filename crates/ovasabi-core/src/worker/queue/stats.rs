//! What a runner counts.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Swept;
use crate::inspect::{Inspect, Metric, Snapshot};
use crate::reject::Name;

#[derive(Debug)]
pub(super) struct Stats {
    name: Name,
    done: AtomicU64,
    failed: AtomicU64,
    dead: AtomicU64,
    rescued: AtomicU64,
    lost: AtomicU64,
}

impl Stats {
    pub(super) fn new(name: Name) -> Self {
        Self {
            name,
            done: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            dead: AtomicU64::new(0),
            rescued: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        }
    }

    pub(super) fn done(&self) {
        count(&self.done, 1);
    }

    pub(super) fn failed(&self) {
        count(&self.failed, 1);
    }

    pub(super) fn dead(&self) {
        count(&self.dead, 1);
    }

    pub(super) fn lost(&self) {
        count(&self.lost, 1);
    }

    pub(super) fn swept(&self, swept: &Swept) {
        let Swept { rescued, poisoned } = swept;
        if rescued.is_empty() && poisoned.is_empty() {
            return;
        }
        count(&self.rescued, rescued.len());
        count(&self.dead, poisoned.len());
        tracing::warn!(target: "ovasabi::jobs", ?rescued, ?poisoned, "workers went away with their jobs");
    }
}

fn count(counter: &AtomicU64, by: usize) {
    // Relaxed: each number stands alone.
    counter.fetch_add(by as u64, Ordering::Relaxed);
}

impl Inspect for Stats {
    fn kind(&self) -> &'static str {
        "job_runner"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let counters = [
            ("jobs.done", "jobs that are done", &self.done),
            (
                "jobs.failed",
                "attempts that failed and are made again",
                &self.failed,
            ),
            ("jobs.dead", "jobs that nobody tries any more", &self.dead),
            ("jobs.rescued", "jobs whose worker went away", &self.rescued),
            (
                "jobs.lost",
                "attempts whose end could not be written down",
                &self.lost,
            ),
        ];
        counters
            .into_iter()
            .fold(Snapshot::new(), |snapshot, (name, help, value)| {
                snapshot.with(Metric::counter(name, help, value.load(Ordering::Relaxed)))
            })
    }
}
