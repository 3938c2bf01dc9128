//! Records that were read a moment ago, so that a request does not wait for a store.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ovasabi_core::time::Tick;
use tokio::sync::Mutex as AsyncMutex;

use super::{ApiKeyEntry, KeyId};

const SHARDS: usize = 16;
/// How many read from the store at once: each has a door, and those who want one key stand at one door.
const DOORS: usize = 64;

/// Bounded in keys and in time. It never holds that a key is not there: made-up ids would crowd out real ones.
pub(super) struct Cache {
    shards: [Mutex<Shard>; SHARDS],
    doors: [AsyncMutex<()>; DOORS],
    seed: RandomState,
    ttl: Duration,
    per_shard: usize,
}

#[derive(Default)]
struct Shard {
    entries: HashMap<KeyId, Cached>,
    /// Counts what was forgotten, so that nobody puts back what he read before.
    generation: u64,
}

struct Cached {
    entry: Arc<ApiKeyEntry>,
    until: Tick,
}

/// When a read began: what it finds may be kept only if nothing was forgotten since.
#[derive(Clone, Copy)]
pub(super) struct Begun {
    generation: u64,
    at: Tick,
}

impl Cache {
    pub(super) fn new(capacity: usize, ttl: Duration) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            doors: std::array::from_fn(|_| AsyncMutex::default()),
            seed: RandomState::new(),
            ttl,
            per_shard: capacity.div_ceil(SHARDS),
        }
    }

    pub(super) fn get(&self, id: &KeyId, now: Tick) -> Option<Arc<ApiKeyEntry>> {
        let shard = self.shard(id);
        let cached = shard.entries.get(id)?;
        (now < cached.until).then(|| Arc::clone(&cached.entry))
    }

    /// The door at which readers of this key stand in a row.
    pub(super) fn door(&self, id: &KeyId) -> &AsyncMutex<()> {
        pick(&self.doors, self.seed.hash_one(id))
    }

    pub(super) fn begin(&self, id: &KeyId, now: Tick) -> Begun {
        let generation = self.shard(id).generation;
        Begun {
            generation,
            at: now,
        }
    }

    /// Keeps what was read, for as long as it is fresh counted from the beginning of the read.
    pub(super) fn keep(&self, entry: Arc<ApiKeyEntry>, begun: Begun, now: Tick) {
        let id = entry.as_record().id;
        let until = begun.at.saturating_add(self.ttl);
        let mut shard = self.shard(&id);
        if shard.generation != begun.generation || until <= now {
            return;
        }
        if shard.entries.len() >= self.per_shard && !shard.entries.contains_key(&id) {
            shard.make_room(self.per_shard, now);
        }
        shard.entries.insert(id, Cached { entry, until });
    }

    pub(super) fn forget(&self, id: &KeyId) {
        let mut shard = self.shard(id);
        shard.generation = shard.generation.wrapping_add(1);
        shard.entries.remove(id);
    }

    pub(super) fn len(&self) -> usize {
        let shards = self.shards.iter();
        shards.map(|shard| lock(shard).entries.len()).sum()
    }

    fn shard(&self, id: &KeyId) -> MutexGuard<'_, Shard> {
        lock(pick(&self.shards, self.seed.hash_one(id)))
    }
}

impl Shard {
    /// Drops what is stale; if nothing is, what is so next.
    fn make_room(&mut self, capacity: usize, now: Tick) {
        self.entries.retain(|_, cached| now < cached.until);
        if self.entries.len() < capacity {
            return;
        }
        let oldest = self.entries.iter().min_by_key(|(_, cached)| cached.until);
        if let Some(id) = oldest.map(|(id, _)| *id) {
            self.entries.remove(&id);
        }
    }
}

/// A panic elsewhere leaves whole entries: nothing here panics between two changes.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pick<T, const N: usize>(all: &[T; N], hash: u64) -> &T {
    const { assert!(N.is_power_of_two()) };
    // Below N by the remainder, whatever the hash.
    let at = usize::try_from(hash % N as u64).unwrap_or_default();
    &all[at]
}
