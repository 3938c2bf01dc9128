//! What a pool counts.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::inspect::{Metric, Snapshot};

#[derive(Debug, Default)]
pub(super) struct Stats {
    pub(super) done: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) panicked: AtomicU64,
    pub(super) expired: AtomicU64,
    pub(super) rejected: AtomicU64,
}

impl Stats {
    pub(super) fn report(&self, snapshot: Snapshot) -> Snapshot {
        let counter = |name, help, value: &AtomicU64| {
            Metric::counter(name, help, value.load(Ordering::Relaxed))
        };
        snapshot
            .with(counter("worker.done", "jobs that ended well", &self.done))
            .with(counter(
                "worker.failed",
                "jobs that ended with an error",
                &self.failed,
            ))
            .with(counter(
                "worker.panicked",
                "jobs that panicked",
                &self.panicked,
            ))
            .with(counter(
                "worker.expired",
                "jobs not started: their context was done",
                &self.expired,
            ))
            .with(counter(
                "worker.rejected",
                "jobs that were not taken",
                &self.rejected,
            ))
    }
}

pub(super) fn count(counter: &AtomicU64) {
    // Relaxed: each number stands alone.
    counter.fetch_add(1, Ordering::Relaxed);
}
