//! Counters of what is rare.

use std::sync::atomic::{AtomicU64, Ordering};

use super::ticket::Refusal;

/// All accesses are relaxed: each number stands alone.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) full: Counter,
    pub(super) queue_full: Counter,
    pub(super) displaced: Counter,
    pub(super) queue_timeout: Counter,
    pub(super) deadline: Counter,
    /// Waited, and went away.
    pub(super) cancelled: Counter,
}

impl Tally {
    pub(super) fn refused(&self, refusal: Refusal) {
        match refusal {
            Refusal::Full => self.full.add(1),
            Refusal::QueueFull => self.queue_full.add(1),
            Refusal::Displaced => self.displaced.add(1),
            Refusal::QueueTimeout => self.queue_timeout.add(1),
            Refusal::Deadline => self.deadline.add(1),
        }
    }
}

/// A number that only grows. Of std even in models: it decides nothing.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
