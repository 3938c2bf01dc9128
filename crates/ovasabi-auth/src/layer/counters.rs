//! What the layer has decided so far.

use std::sync::atomic::{AtomicU64, Ordering};

use ovasabi_core::inspect::{Inspect, Metric, Snapshot};
use ovasabi_core::reject::Name;

use crate::jose::Reason;

#[derive(Debug)]
pub(super) struct Counters {
    name: Name,
    accepted: AtomicU64,
    anonymous: AtomicU64,
    refused: [AtomicU64; Reason::ALL.len()],
}

impl Counters {
    pub(super) const fn new(name: Name) -> Self {
        Self {
            name,
            accepted: AtomicU64::new(0),
            anonymous: AtomicU64::new(0),
            refused: [const { AtomicU64::new(0) }; Reason::ALL.len()],
        }
    }

    pub(super) fn accepted(&self) {
        // Relaxed here and below: each number stands alone.
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn anonymous(&self) {
        self.anonymous.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self, reason: Reason) {
        if let Some(count) = self.refused.get(reason as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Inspect for Counters {
    fn kind(&self) -> &'static str {
        "auth"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let passed = Snapshot::new()
            .with(Metric::counter(
                "auth.accepted",
                "requests with a valid credential",
                read(&self.accepted),
            ))
            .with(Metric::counter(
                "auth.anonymous",
                "requests let through without one",
                read(&self.anonymous),
            ));
        let help = "requests refused, by reason";
        Reason::ALL
            .iter()
            .zip(&self.refused)
            .fold(passed, |snapshot, (reason, count)| {
                snapshot.with(
                    Metric::counter("auth.refused", help, read(count))
                        .labels(reason.metric_labels()),
                )
            })
    }
}
