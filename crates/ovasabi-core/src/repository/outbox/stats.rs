//! What a relay counts.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::inspect::{Inspect, Metric, Snapshot};
use crate::reject::Name;

#[derive(Debug)]
pub(super) struct Stats {
    name: Name,
    sent: AtomicU64,
    refused: AtomicU64,
    dead: AtomicU64,
}

impl Stats {
    pub(super) fn new(name: Name) -> Self {
        Self {
            name,
            sent: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            dead: AtomicU64::new(0),
        }
    }

    pub(super) fn sent(&self) {
        count(&self.sent);
    }

    pub(super) fn refused(&self, is_dead: bool) {
        count(if is_dead { &self.dead } else { &self.refused });
    }
}

fn count(counter: &AtomicU64) {
    // Relaxed: each number stands alone.
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Inspect for Stats {
    fn kind(&self) -> &'static str {
        "outbox_relay"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let counters = [
            ("outbox.sent", "events that were taken", &self.sent),
            (
                "outbox.refused",
                "events that were not taken, and are sent again",
                &self.refused,
            ),
            ("outbox.dead", "events that nobody would take", &self.dead),
        ];
        counters
            .into_iter()
            .fold(Snapshot::new(), |snapshot, (name, help, value)| {
                snapshot.with(Metric::counter(name, help, value.load(Ordering::Relaxed)))
            })
    }
}
