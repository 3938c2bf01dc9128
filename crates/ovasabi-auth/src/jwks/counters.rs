//! What has been fetched so far.

use std::sync::atomic::{AtomicU64, Ordering};

use ovasabi_core::inspect::{Labels, Metric, Snapshot};

/// How a fetch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A set that is another than before.
    Changed,
    /// The same set again, or `304`.
    Unchanged,
    /// No answer, or an error.
    Failed,
    TimedOut,
    /// An answer that is not believed.
    Invalid,
}

impl Outcome {
    const ALL: [Self; 5] = [
        Self::Changed,
        Self::Unchanged,
        Self::Failed,
        Self::TimedOut,
        Self::Invalid,
    ];

    const fn labels(self) -> Labels {
        match self {
            Self::Changed => &[("result", "changed")],
            Self::Unchanged => &[("result", "unchanged")],
            Self::Failed => &[("result", "failed")],
            Self::TimedOut => &[("result", "timed_out")],
            Self::Invalid => &[("result", "invalid")],
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters([AtomicU64; Outcome::ALL.len()]);

impl Counters {
    pub(super) fn count(&self, outcome: Outcome) {
        if let Some(count) = self.0.get(outcome as usize) {
            // Relaxed here and below: each number stands alone.
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn show(&self, snapshot: Snapshot) -> Snapshot {
        let help = "fetches of the set, by result";
        Outcome::ALL
            .iter()
            .zip(&self.0)
            .fold(snapshot, |snapshot, (outcome, count)| {
                let count = count.load(Ordering::Relaxed);
                snapshot.with(Metric::counter("jwks.fetches", help, count).labels(outcome.labels()))
            })
    }
}
