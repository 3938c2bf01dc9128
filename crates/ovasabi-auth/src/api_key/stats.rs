//! What can be seen of keys from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ovasabi_core::inspect::{Inspect, Metric, Snapshot};
use ovasabi_core::reject::Name;

use super::cache::Cache;

/// Counts that the parts of a handle share.
#[derive(Debug, Default)]
pub(super) struct Stats {
    pub(super) cache_hits: AtomicU64,
    pub(super) reads: AtomicU64,
    pub(super) read_failures: AtomicU64,
    pub(super) uses_written: AtomicU64,
    pub(super) uses_lost: AtomicU64,
}

pub(super) fn count(counter: &AtomicU64) {
    // Relaxed: each number stands alone.
    counter.fetch_add(1, Ordering::Relaxed);
}

pub(super) fn count_by(counter: &AtomicU64, by: usize) {
    counter.fetch_add(u64::try_from(by).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// What a registry sees.
pub(super) struct Shown {
    pub(super) name: Name,
    pub(super) stats: Arc<Stats>,
    pub(super) cache: Arc<Cache>,
}

impl Inspect for Shown {
    fn kind(&self) -> &'static str {
        "api_key"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let Stats {
            cache_hits,
            reads,
            read_failures,
            uses_written,
            uses_lost,
        } = &*self.stats;
        let counters = [
            (
                "api_key.cache_hits",
                "records that were read a moment ago",
                cache_hits,
            ),
            ("api_key.reads", "records asked of the store", reads),
            (
                "api_key.read_failures",
                "reads that failed or took too long",
                read_failures,
            ),
            (
                "api_key.uses_written",
                "last uses that were recorded",
                uses_written,
            ),
            (
                "api_key.uses_lost",
                "last uses that could not be recorded",
                uses_lost,
            ),
        ];
        let cached = u32::try_from(self.cache.len()).unwrap_or(u32::MAX);
        let gauge = Metric::gauge("api_key.cached", "records kept now", f64::from(cached));
        counters.into_iter().fold(
            Snapshot::new().with(gauge),
            |snapshot, (name, help, counter)| {
                snapshot.with(Metric::counter(name, help, counter.load(Ordering::Relaxed)))
            },
        )
    }
}
