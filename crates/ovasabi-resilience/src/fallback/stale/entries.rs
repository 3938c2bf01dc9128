//! The entries, oldest first: no clock, no lock.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::time::Duration;

use ovasabi_core::time::Tick;

#[derive(Debug)]
pub(super) struct Entries<K, V> {
    by_key: HashMap<K, Entry<V>>,
    /// In the order in which they were put.
    by_age: BTreeMap<u64, K>,
    /// The number of the next entry.
    next: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    put: Tick,
    number: u64,
}

impl<K: Hash + Eq + Clone, V> Entries<K, V> {
    pub(super) fn new() -> Self {
        Self {
            by_key: HashMap::new(),
            by_age: BTreeMap::new(),
            next: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Keeps `value` as the youngest. What it replaces is handed back, to be dropped where no lock is held.
    pub(super) fn put(&mut self, key: K, value: V, now: Tick) -> Option<V> {
        let entry = Entry {
            value,
            put: now,
            number: self.next,
        };
        self.next += 1;
        self.by_age.insert(entry.number, key.clone());
        let old = self.by_key.insert(key, entry)?;
        self.by_age.remove(&old.number);
        Some(old.value)
    }

    pub(super) fn get(&self, key: &K, now: Tick) -> Option<(&V, Duration)> {
        let entry = self.by_key.get(key)?;
        Some((&entry.value, now.saturating_since(entry.put)))
    }

    /// Takes the oldest out, if there are more than `capacity`.
    pub(super) fn evict(&mut self, capacity: usize) -> Option<V> {
        if self.len() <= capacity {
            return None;
        }
        let (_, key) = self.by_age.pop_first()?;
        self.by_key.remove(&key).map(|entry| entry.value)
    }

    pub(super) fn clear(&mut self) -> HashMap<K, impl Sized + use<K, V>> {
        self.by_age.clear();
        std::mem::take(&mut self.by_key)
    }
}
