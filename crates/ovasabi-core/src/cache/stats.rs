//! What a cache counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::inspect::{Inspect, Metric, Snapshot};
use crate::reject::Name;

#[derive(Debug, Default)]
pub(super) struct Stats {
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) loads: AtomicU64,
    pub(super) load_failures: AtomicU64,
    pub(super) abandoned: AtomicU64,
    pub(super) evictions: AtomicU64,
}

impl Stats {
    pub(super) fn report(&self, snapshot: Snapshot) -> Snapshot {
        let counter = |name, help, value: &AtomicU64| {
            Metric::counter(name, help, value.load(Ordering::Relaxed))
        };
        snapshot
            .with(counter("cache.hits", "answers from the cache", &self.hits))
            .with(counter(
                "cache.misses",
                "questions that the cache could not answer",
                &self.misses,
            ))
            .with(counter(
                "cache.loads",
                "loads that were started",
                &self.loads,
            ))
            .with(counter(
                "cache.load_failures",
                "loads that failed, panicked or took too long",
                &self.load_failures,
            ))
            .with(counter(
                "cache.loads_abandoned",
                "loads that nobody waited for any more",
                &self.abandoned,
            ))
            .with(counter(
                "cache.evictions",
                "entries that had to go for others",
                &self.evictions,
            ))
    }
}

pub(super) fn count(counter: &AtomicU64) {
    // Relaxed: each number stands alone.
    counter.fetch_add(1, Ordering::Relaxed);
}

/// How much there is now.
pub(super) struct Sizes {
    pub(super) entries: u64,
    pub(super) weight: u64,
    pub(super) loading: usize,
}

/// What a registry holds: it knows neither keys nor values.
pub(super) struct Report {
    name: Name,
    stats: Arc<Stats>,
    measure: Box<dyn Fn() -> Sizes + Send + Sync>,
}

impl Report {
    pub(super) fn new(
        name: Name,
        stats: Arc<Stats>,
        measure: impl Fn() -> Sizes + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            stats,
            measure: Box::new(measure),
        }
    }

    pub(super) fn stats(&self) -> &Stats {
        &self.stats
    }
}

impl Inspect for Report {
    fn kind(&self) -> &'static str {
        "cache"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge of 2^53 entries is off by one"
    )]
    fn snapshot(&self) -> Snapshot {
        let Sizes {
            entries,
            weight,
            loading,
        } = (self.measure)();
        let gauge = Metric::gauge;
        self.stats
            .report(Snapshot::new())
            .with(gauge(
                "cache.entries",
                "entries, those that have expired too",
                entries as f64,
            ))
            .with(gauge(
                "cache.weight",
                "what all entries weigh",
                weight as f64,
            ))
            .with(gauge("cache.loading", "loads under way", loading as f64))
    }
}
