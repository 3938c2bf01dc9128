//! What limiters count: refusals by reason, and admissions that had to wait.
//!
//! Admissions at once are not counted: the bucket itself is the one locked word of an admission.

use std::sync::atomic::{AtomicU64, Ordering};

use ovasabi_core::inspect::{Labels, Metric, Snapshot};

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The rate is used up, and it would not wait for so long, or not at all.
    Rate,
    /// It costs more than the burst.
    Cost,
    /// Too many wait already.
    QueueFull,
    /// It has waited for as long as it may, because the quota changed or the clock stood still.
    WaitedLong,
    /// Its caller's deadline came while it waited, for the same reasons.
    Deadline,
}

/// What the metrics of a kind of limiter are called.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) denied: &'static str,
    pub(super) waited: &'static str,
    pub(super) waiting: &'static str,
    pub(super) burst: &'static str,
    pub(super) rate: &'static str,
}

/// Plain counters. Relaxed throughout: numbers to look at.
#[derive(Debug, Default)]
pub(super) struct Counts {
    rate: AtomicU64,
    cost: AtomicU64,
    queue_full: AtomicU64,
    waited_long: AtomicU64,
    deadline: AtomicU64,
    waited: AtomicU64,
}

impl Counts {
    pub(super) fn denied(&self, reason: Reason) {
        self.counter(reason).fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn waited(&self) {
        self.waited.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self, names: &Names) -> Snapshot {
        let denied = DENIED
            .iter()
            .fold(Snapshot::new(), |snapshot, (reason, labels)| {
                let count = self.counter(*reason).load(Ordering::Relaxed);
                let metric = Metric::counter(names.denied, "requests refused", count);
                snapshot.with(metric.labels(labels))
            });
        denied.with(Metric::counter(
            names.waited,
            "requests admitted after a wait",
            self.waited.load(Ordering::Relaxed),
        ))
    }

    fn counter(&self, reason: Reason) -> &AtomicU64 {
        match reason {
            Reason::Rate => &self.rate,
            Reason::Cost => &self.cost,
            Reason::QueueFull => &self.queue_full,
            Reason::WaitedLong => &self.waited_long,
            Reason::Deadline => &self.deadline,
        }
    }
}

const DENIED: [(Reason, Labels); 5] = [
    (Reason::Rate, &[("reason", "rate")]),
    (Reason::Cost, &[("reason", "cost")]),
    (Reason::QueueFull, &[("reason", "queue_full")]),
    (Reason::WaitedLong, &[("reason", "waited_long")]),
    (Reason::Deadline, &[("reason", "deadline")]),
];
