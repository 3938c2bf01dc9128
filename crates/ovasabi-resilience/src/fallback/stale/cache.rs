//! A small store in memory.

use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ovasabi_core::inspect::{Control, ControlError, Inspect, Inspected, Metric, Snapshot};
use ovasabi_core::reject::Name;
use ovasabi_core::time::Clock;

use super::entries::Entries;
use super::{StaleCacheBuilder, StaleStore};
use crate::config::ConfigError;

/// Keeps the last good responses of at most so many keys, for at most so long. Clones share them.
///
/// A new key takes the place of the oldest entry. One lock, held for a look-up; responses are copied and dropped
/// outside of it. Memory: `capacity` keys and responses, and some 100 bytes each.
///
/// ```
/// use std::time::Duration;
/// use ovasabi_core::time::Clock;
/// use ovasabi_resilience::fallback::{StaleCache, StaleStore};
///
/// let (clock, hand) = Clock::manual();
/// let prices: StaleCache<u32, &str> = StaleCache::builder("prices")
///     .max_stale(Duration::from_secs(60))
///     .clock(clock)
///     .build()?;
/// prices.put(7, &"12.50");
/// hand.advance(Duration::from_secs(60));
/// assert_eq!(prices.get(&7), Some(("12.50", Duration::from_secs(60))));
/// hand.advance(Duration::from_nanos(1));
/// assert_eq!(prices.get(&7), None);
/// # Ok::<(), ovasabi_core::Error>(())
/// ```
pub struct StaleCache<K, V>(Arc<Inspected<State<K, V>>>)
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Send + Sync + 'static;

pub(super) struct State<K, V> {
    name: Name,
    clock: Clock,
    capacity: AtomicUsize,
    /// In nanoseconds.
    max_stale: AtomicU64,
    entries: Mutex<Entries<K, Arc<V>>>,
    put: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: AtomicU64,
}

pub(super) const KIND: &str = "stale_cache";

impl<K, V> StaleCache<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Starts to build one with this name.
    pub fn builder(name: impl Into<Name>) -> StaleCacheBuilder<K, V> {
        StaleCacheBuilder::new(name.into())
    }

    pub(super) fn from_state(state: Arc<Inspected<State<K, V>>>) -> Self {
        Self(state)
    }

    /// Takes over all numbers of `builder`; its name, clock and registry are ignored. A lower capacity takes out the
    /// oldest at once.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob whose value cannot work. Then nothing is changed.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a builder is made for this, and not needed after"
    )]
    pub fn reconfigure(&self, builder: StaleCacheBuilder<K, V>) -> Result<(), ConfigError> {
        let (capacity, max_stale) = builder.checked(&self.0.name)?;
        // Relaxed here and below: numbers that stand alone.
        self.0.capacity.store(capacity, Ordering::Relaxed);
        self.0.max_stale.store(max_stale, Ordering::Relaxed);
        while self.0.evict() {}
        Ok(())
    }

    /// How many responses it has, those too old to be given included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.0.clear();
    }
}

impl<K, V> StaleStore<K, V> for StaleCache<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn put(&self, key: K, response: &V) {
        let state = &*self.0;
        let (now, copy) = (state.clock.now(), Arc::new(response.clone()));
        let replaced = state.lock().put(key, copy, now);
        count(&state.put);
        if replaced.is_none() {
            state.evict();
        }
    }

    fn get(&self, key: &K) -> Option<(V, Duration)> {
        let state = &*self.0;
        let now = state.clock.now();
        let most = Duration::from_nanos(state.max_stale.load(Ordering::Relaxed));
        let found = state
            .lock()
            .get(key, now)
            .filter(|(_, age)| *age <= most)
            .map(|(response, age)| (Arc::clone(response), age));
        count(if found.is_some() {
            &state.hits
        } else {
            &state.misses
        });
        found.map(|(response, age)| ((*response).clone(), age))
    }
}

impl<K: Hash + Eq + Clone, V> State<K, V> {
    pub(super) fn new(name: Name, clock: Clock, capacity: usize, max_stale: u64) -> Self {
        Self {
            name,
            clock,
            capacity: AtomicUsize::new(capacity),
            max_stale: AtomicU64::new(max_stale),
            entries: Mutex::new(Entries::new()),
            put: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            evictions: AtomicU64::new(0),
        }
    }

    /// Takes out the oldest, if there are too many. It is dropped when the lock is free again.
    fn evict(&self) -> bool {
        let evicted = self.lock().evict(self.capacity.load(Ordering::Relaxed));
        if evicted.is_some() {
            count(&self.evictions);
        }
        evicted.is_some()
    }

    fn clear(&self) {
        let entries = self.lock().clear();
        drop(entries);
    }

    /// A key that panics when it is compared leaves nothing half-done that matters.
    fn lock(&self) -> MutexGuard<'_, Entries<K, Arc<V>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const CONTROLS: &[Control] = &[Control {
    action: "clear",
    help: "forgets all responses",
    argument: "",
}];

impl<K, V> Inspect for State<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Send + Sync + 'static,
{
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let counter = |name, help, count: &AtomicU64| {
            Metric::counter(name, help, count.load(Ordering::Relaxed))
        };
        #[expect(clippy::cast_precision_loss, reason = "a gauge for people")]
        let entries = self.lock().len() as f64;
        Snapshot::new()
            .with(counter("stale_cache.put", "responses kept", &self.put))
            .with(counter("stale_cache.hits", "responses given", &self.hits))
            .with(counter(
                "stale_cache.misses",
                "times there was none, or one too old",
                &self.misses,
            ))
            .with(counter(
                "stale_cache.evictions",
                "responses that made place for others",
                &self.evictions,
            ))
            .with(Metric::gauge(
                "stale_cache.entries",
                "responses that it has",
                entries,
            ))
    }

    fn controls(&self) -> &'static [Control] {
        CONTROLS
    }

    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        match (action, argument) {
            ("clear", None) => self.clear(),
            ("clear", _) => return Err(ControlError::argument(action, argument, "none")),
            _ => return Err(ControlError::unknown(action, CONTROLS)),
        }
        Ok(())
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl<K, V> Clone for StaleCache<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Send + Sync + 'static,
{
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> fmt::Debug for StaleCache<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Send + Sync + 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaleCache").finish_non_exhaustive()
    }
}
