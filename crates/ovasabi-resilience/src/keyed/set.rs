//! A set of values by key, bounded.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Values by key, in a number of places that does not grow. `N` is what a search notes about an entry.
#[derive(Debug)]
pub(crate) struct KeyedSet<K, V, N> {
    shards: Box<[Mutex<Shard<K, V, N>>]>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Shard<K, V, N> {
    places: HashMap<K, usize>,
    entries: Vec<Entry<K, V, N>>,
    capacity: usize,
    /// Where the next search for an idle entry begins.
    hand: usize,
}

#[derive(Debug)]
struct Entry<K, V, N> {
    key: K,
    value: V,
    note: N,
}

/// Threads that share a set rarely meet in one of so many parts.
const MOST_SHARDS: usize = 16;
/// A part is no smaller, so that an uneven spread of keys leaves no part full and another empty.
const SMALLEST_SHARD: usize = 64;
/// How many entries a new key looks at for one that is idle.
const LOOKS: usize = 64;

impl<K: Hash + Eq + Clone, V: Clone, N: Default> KeyedSet<K, V, N> {
    /// A set of `capacity` places, rounded up to a multiple of the number of its parts.
    pub(crate) fn new(capacity: NonZeroUsize) -> Self {
        let capacity = capacity.get();
        let count = (capacity / SMALLEST_SHARD).clamp(1, MOST_SHARDS);
        let shard = || Shard {
            places: HashMap::new(),
            entries: Vec::new(),
            capacity: capacity.div_ceil(count),
            hand: 0,
        };
        Self {
            shards: (0..count).map(|_| Mutex::new(shard())).collect(),
            hasher: RandomState::new(),
        }
    }

    /// The value of `key`. A new key gets what `make` makes, if there is a place: a free one, or that of an
    /// entry that is idle, which goes to `retire`.
    pub(crate) fn get_or_make<Q>(
        &self,
        key: &Q,
        make: impl FnOnce(&K) -> V,
        is_idle: impl Fn(&V, &mut N) -> bool,
        retire: impl FnOnce(V),
    ) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let mut shard = self.shard(key);
        if let Some(entry) = shard
            .places
            .get(key)
            .and_then(|place| shard.entries.get(*place))
        {
            return Some(entry.value.clone());
        }
        let (value, idle) = shard.insert(key.to_owned(), make, is_idle)?;
        drop(shard);
        if let Some(idle) = idle {
            retire(idle);
        }
        Some(value)
    }

    /// Looks at every value.
    pub(crate) fn for_each(&self, mut look: impl FnMut(&V)) {
        for shard in &self.shards {
            for entry in &lock(shard).entries {
                look(&entry.value);
            }
        }
    }

    fn shard<Q: Hash + ?Sized>(&self, key: &Q) -> MutexGuard<'_, Shard<K, V, N>> {
        let count = self.shards.len();
        // Lossless: the remainder is below the number of shards.
        let index = usize::try_from(self.hasher.hash_one(key) % count as u64).unwrap_or_default();
        lock(&self.shards[index.min(count - 1)])
    }
}

impl<K: Hash + Eq + Clone, V: Clone, N: Default> Shard<K, V, N> {
    fn insert(
        &mut self,
        key: K,
        make: impl FnOnce(&K) -> V,
        is_idle: impl Fn(&V, &mut N) -> bool,
    ) -> Option<(V, Option<V>)> {
        if self.entries.len() < self.capacity {
            let value = make(&key);
            self.places.insert(key.clone(), self.entries.len());
            self.entries.push(Entry::new(key, value.clone()));
            return Some((value, None));
        }
        let place = self.find_idle(is_idle)?;
        let entry = self.entries.get_mut(place)?;
        let value = make(&key);
        let idle = std::mem::replace(entry, Entry::new(key.clone(), value.clone()));
        self.places.remove(&idle.key);
        self.places.insert(key, place);
        Some((value, Some(idle.value)))
    }

    fn find_idle(&mut self, is_idle: impl Fn(&V, &mut N) -> bool) -> Option<usize> {
        for _ in 0..self.entries.len().min(LOOKS) {
            let place = self.hand;
            self.hand = (place + 1) % self.entries.len();
            if self
                .entries
                .get_mut(place)
                .is_some_and(|entry| is_idle(&entry.value, &mut entry.note))
            {
                return Some(place);
            }
        }
        None
    }
}

impl<K, V, N: Default> Entry<K, V, N> {
    fn new(key: K, value: V) -> Self {
        Self {
            key,
            value,
            note: N::default(),
        }
    }
}

/// Foreign code runs under the lock (`Hash`, `Eq`, `Clone` of keys), but a shard is whole between its steps.
fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
