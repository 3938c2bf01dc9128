//! Loads under way, one for each key.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::shared_error;
use crate::{Context, Error, Result};

/// What a load came to, for all that wait for it.
pub(super) type Outcome<V> = Result<Option<Arc<V>>, Arc<Error>>;

/// One load under way. Those who wait hold receivers: without any the load has nobody to work for, and
/// without a sender nobody works for them.
pub(super) struct Flight<V> {
    outcome: watch::Sender<Option<Outcome<V>>>,
    /// The epoch of the cache at the start: a flight of an older one is neither joined nor kept.
    pub(super) epoch: u64,
}

impl<V> Flight<V> {
    pub(super) fn start(epoch: u64) -> (Arc<Self>, Wait<V>) {
        let (outcome, waiting) = watch::channel(None);
        (Arc::new(Self { outcome, epoch }), Wait(waiting))
    }

    pub(super) fn join(&self) -> Wait<V> {
        Wait(self.outcome.subscribe())
    }

    /// Tells all that wait. The first outcome stays: a value that was set meanwhile is newer than the load.
    pub(super) fn land(&self, outcome: Outcome<V>) {
        self.outcome.send_if_modified(|told| {
            let is_first = told.is_none();
            if is_first {
                *told = Some(outcome);
            }
            is_first
        });
    }

    /// Waits until nobody waits.
    pub(super) async fn is_deserted(&self) {
        self.outcome.closed().await;
    }

    pub(super) fn has_waiters(&self) -> bool {
        self.outcome.receiver_count() > 0
    }
}

/// The place of one that waits.
pub(super) struct Wait<V>(watch::Receiver<Option<Outcome<V>>>);

impl<V> Wait<V> {
    /// The outcome, or the cause of `cx` if that is first.
    pub(super) async fn outcome(mut self, cx: &Context) -> Result<Option<Arc<V>>> {
        let told = async {
            let told = self.0.wait_for(Option::is_some).await;
            told.ok().and_then(|told| told.clone())
        };
        match cx.run(told).await? {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(shared_error::copy(&error)),
            // The sender is gone without a word.
            None => Err(Error::internal(
                "the load panicked, or its runtime has stopped",
            )),
        }
    }
}

/// The flights of a cache. Sharded: a miss of one key seldom waits for the bookkeeping of another.
pub(super) struct Flights<K, V> {
    shards: Box<[Mutex<Shard<K, V>>]>,
    hasher: RandomState,
}

pub(super) type Shard<K, V> = HashMap<K, Arc<Flight<V>>>;

/// More than twice the threads that are likely to miss at the same time on large machines.
const SHARDS: usize = 64;

impl<K: Hash + Eq, V> Flights<K, V> {
    pub(super) fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }

    /// The shard of `key`, locked. Whatever changes an entry of the cache does it under this lock.
    pub(super) fn lock(&self, key: &K) -> MutexGuard<'_, Shard<K, V>> {
        let index = self.hasher.hash_one(key) % SHARDS as u64;
        let index = usize::try_from(index).unwrap_or(0);
        let shard = self
            .shards
            .get(index)
            .expect("the index is below the number of shards");
        // Nothing is half done under the lock when foreign code (hash, weigh, drop) panics.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads under way.
    pub(super) fn len(&self) -> usize {
        let len =
            |shard: &Mutex<Shard<K, V>>| shard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.shards.iter().map(len).sum()
    }
}

/// Whether `flight` is the one under way for `key`.
pub(super) fn is_current<K: Hash + Eq, V>(
    shard: &Shard<K, V>,
    key: &K,
    flight: &Arc<Flight<V>>,
) -> bool {
    shard
        .get(key)
        .is_some_and(|current| Arc::ptr_eq(current, flight))
}
