//! From knobs to a store.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::inspect::{Inspected, Registry};
use ovasabi_core::reject::Name;
use ovasabi_core::time::Clock;

use super::StaleCache;
use super::cache::{KIND, State};
use crate::config::{Check, ConfigError, join};

/// Builds a [`StaleCache`]; starts with [`StaleCache::builder`]. A knob that is not set keeps its default.
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct StaleCacheBuilder<K, V> {
    name: Name,
    capacity: usize,
    max_stale: Duration,
    clock: Clock,
    registry: Option<Registry>,
    of: PhantomData<fn() -> (K, V)>,
}

const MOST: usize = 1_000_000;
const LEAST_STALE: Duration = Duration::from_millis(1);
const MOST_STALE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl<K, V> StaleCacheBuilder<K, V> {
    pub(super) fn new(name: Name) -> Self {
        Self {
            name,
            capacity: 1_024,
            max_stale: Duration::from_secs(5 * 60),
            clock: Clock::system(),
            registry: None,
            of: PhantomData,
        }
    }

    /// For how many keys a response is kept.
    ///
    /// 1 to 1 000 000. Default: 1 024. It bounds their number and not their size.
    pub fn capacity(mut self, keys: usize) -> Self {
        self.capacity = keys;
        self
    }

    /// How old a response may be that is still given; exactly so old is.
    ///
    /// 1 ms to 30 days. Default: 5 min.
    pub fn max_stale(mut self, age: Duration) -> Self {
        self.max_stale = age;
        self
    }

    /// The clock. Default: [`Clock::system`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Lets the store join `registry`, by its name. Default: it joins none.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// The numbers, if they can work, on behalf of the store `name`: capacity, and nanoseconds.
    pub(super) fn checked(&self, name: &Name) -> Result<(usize, u64), ConfigError> {
        let mut check = Check::default();
        check.range("capacity", self.capacity, 1..=MOST);
        check.duration("max_stale", self.max_stale, LEAST_STALE..=MOST_STALE);
        check.finish(KIND, name)?;
        let nanos = u64::try_from(self.max_stale.as_nanos()).unwrap_or(u64::MAX);
        Ok((self.capacity, nanos))
    }
}

impl<K, V> StaleCacheBuilder<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Builds the store, empty.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob whose value cannot work, and when the registry has a living store of the
    /// same name.
    pub fn build(self) -> Result<StaleCache<K, V>, ConfigError> {
        let (capacity, max_stale) = self.checked(&self.name)?;
        let state = State::new(self.name, self.clock, capacity, max_stale);
        let state = Arc::new(Inspected::new(state));
        join(self.registry.as_ref(), &state)?;
        Ok(StaleCache::from_state(state))
    }
}

impl<K, V> fmt::Debug for StaleCacheBuilder<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaleCacheBuilder")
            .field("name", &self.name)
            .field("capacity", &self.capacity)
            .field("max_stale", &self.max_stale)
            .finish_non_exhaustive()
    }
}
