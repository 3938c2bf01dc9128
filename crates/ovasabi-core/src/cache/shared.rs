//! The entries, and who loads them.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::notification::RemovalCause;

use super::LocalCacheBuilder;
use super::flight::{Flight, Flights, Wait};
use super::stats::{Report, Sizes, Stats, count};
use crate::backoff::{Jitter, Random};
use crate::inspect::Inspected;
use crate::time::{Clock, Tick};

/// What all clones of a cache share.
pub(super) struct Shared<K, V> {
    pub(super) report: Arc<Inspected<Report>>,
    pub(super) entries: moka::sync::Cache<K, Entry<V>>,
    pub(super) flights: Arc<Flights<K, V>>,
    /// Raised by [`Cache::clear`]: entries and loads of an older one do not count.
    pub(super) epoch: AtomicU64,
    ttl: Duration,
    negative_ttl: Duration,
    jitter: Jitter,
    pub(super) load_timeout: Duration,
    clock: Clock,
    random: Random,
}

pub(super) struct Entry<V> {
    value: Option<Arc<V>>,
    expires: Tick,
    epoch: u64,
}

/// What becomes of one that missed.
pub(super) enum Miss<V> {
    /// Somebody has filled it a moment ago.
    Filled(Option<Arc<V>>),
    /// A load is under way.
    Join(Wait<V>),
    /// The load is its own to start.
    Lead(Wait<V>, Arc<Flight<V>>),
}

impl<K, V> Shared<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    pub(super) fn new(builder: LocalCacheBuilder<K, V>) -> Self {
        let stats = Arc::new(Stats::default());
        let evicted = Arc::clone(&stats);
        let mut entries = moka::sync::Cache::builder()
            .max_capacity(builder.capacity)
            .eviction_listener(move |_key, _entry, cause| {
                if cause == RemovalCause::Size {
                    count(&evicted.evictions);
                }
            });
        if let Some(weigh) = builder.weigher {
            entries =
                entries.weigher(move |key, entry: &Entry<V>| weigh(key, entry.value.as_deref()));
        }
        let entries = entries.build();
        let flights = Arc::new(Flights::new());
        let measure = {
            let (entries, flights) = (entries.clone(), Arc::clone(&flights));
            move || Sizes {
                entries: entries.entry_count(),
                weight: entries.weighted_size(),
                loading: flights.len(),
            }
        };
        let negative_ttl = builder
            .negative_ttl
            .unwrap_or(Duration::from_secs(5).min(builder.ttl));
        Self {
            report: Arc::new(Inspected::new(Report::new(builder.name, stats, measure))),
            entries,
            flights,
            epoch: AtomicU64::new(0),
            ttl: builder.ttl,
            negative_ttl,
            jitter: Jitter::Ratio(builder.jitter),
            load_timeout: builder.load_timeout,
            clock: builder.clock,
            random: Random::new(),
        }
    }

    pub(super) fn stats(&self) -> &Stats {
        self.report.stats()
    }

    /// The entry, if it counts.
    pub(super) fn look(&self, key: &K) -> Option<Option<Arc<V>>> {
        let entry = self.entries.get(key)?;
        let counts = entry.epoch == self.epoch() && self.clock.now() < entry.expires;
        counts.then_some(entry.value)
    }

    pub(super) fn epoch(&self) -> u64 {
        // Acquire: who has seen a later epoch sees what was done before it, such as the change that is the
        // reason for clearing.
        self.epoch.load(Ordering::Acquire)
    }

    pub(super) fn miss(&self, key: &K) -> Miss<V> {
        let mut shard = self.flights.lock(key);
        let epoch = self.epoch();
        match shard.get(key) {
            Some(flight) if flight.epoch == epoch => return Miss::Join(flight.join()),
            // Without a flight it may have landed since this one looked.
            Some(_) | None => {
                if let Some(value) = self.look(key) {
                    return Miss::Filled(value);
                }
            }
        }
        let (flight, wait) = Flight::start(epoch);
        shard.insert(key.clone(), Arc::clone(&flight));
        Miss::Lead(wait, flight)
    }

    /// The keys of entries that do not count any more, because they are of an older epoch.
    ///
    /// Not moka's `invalidate_all`: it goes by time, and now and then takes an entry along that was inserted
    /// just after it.
    pub(super) fn outdated(&self) -> Vec<Arc<K>> {
        let epoch = self.epoch();
        let outdated = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.epoch != epoch);
        outdated.map(|(key, _)| key).collect()
    }

    pub(super) fn remove_outdated(&self, key: &K) {
        let _shard = self.flights.lock(key);
        if self
            .entries
            .get(key)
            .is_some_and(|entry| entry.epoch != self.epoch())
        {
            self.entries.invalidate(key);
        }
    }

    /// Keeps `value`; must be called under the lock of the key's shard.
    pub(super) fn keep(&self, key: K, value: Option<Arc<V>>, epoch: u64) {
        let ttl = if value.is_some() {
            self.ttl
        } else {
            self.negative_ttl
        };
        if ttl.is_zero() {
            return;
        }
        let ttl = self.jitter.spread(ttl, self.random.next_u64());
        let expires = self.clock.now().saturating_add(ttl);
        self.entries.insert(
            key,
            Entry {
                value,
                expires,
                epoch,
            },
        );
    }
}

impl<V> Clone for Entry<V> {
    fn clone(&self) -> Self {
        Self {
            value: self.value.clone(),
            expires: self.expires,
            epoch: self.epoch,
        }
    }
}
