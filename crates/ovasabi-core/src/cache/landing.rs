//! The end of a load.

use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use super::flight::{Flight, Outcome, is_current};
use super::shared::Shared;
use super::stats::count;
use crate::{Context, Result};

/// The end of a load. Dropped before, by a panic or a runtime that stops, it frees the key.
pub(super) struct Landing<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    cache: Arc<Shared<K, V>>,
    key: K,
    flight: Arc<Flight<V>>,
    is_over: bool,
}

impl<K, V> Landing<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    pub(super) fn new(cache: &Arc<Shared<K, V>>, key: &K, flight: Arc<Flight<V>>) -> Self {
        Self {
            cache: Arc::clone(cache),
            key: key.clone(),
            flight,
            is_over: false,
        }
    }

    /// Runs the load until it has a result or nobody waits.
    pub(super) async fn fly(self, cx: &Context, load: impl Future<Output = Result<Option<V>>>) {
        let mut load = std::pin::pin!(cx.run(load));
        loop {
            tokio::select! {
                biased;
                loaded = &mut load => return self.land(loaded.flatten()),
                () = self.flight.is_deserted() => {}
            }
            if self.is_abandoned() {
                return self.abandon();
            }
        }
    }

    fn land(mut self, loaded: Result<Option<V>>) {
        let outcome: Outcome<V> = match loaded {
            Ok(value) => Ok(value.map(Arc::new)),
            Err(error) => {
                count(&self.cache.stats().load_failures);
                Err(Arc::new(error))
            }
        };
        let mut shard = self.cache.flights.lock(&self.key);
        if is_current(&shard, &self.key, &self.flight) {
            shard.remove(&self.key);
            if let Ok(value) = &outcome
                && self.flight.epoch == self.cache.epoch()
            {
                self.cache
                    .keep(self.key.clone(), value.clone(), self.flight.epoch);
            }
        }
        drop(shard);
        self.is_over = true;
        self.flight.land(outcome);
    }

    /// Whether nobody waits, now that nobody can join.
    fn is_abandoned(&self) -> bool {
        let mut shard = self.cache.flights.lock(&self.key);
        if self.flight.has_waiters() {
            return false;
        }
        if is_current(&shard, &self.key, &self.flight) {
            shard.remove(&self.key);
        }
        true
    }

    fn abandon(mut self) {
        count(&self.cache.stats().abandoned);
        self.is_over = true;
    }
}

impl<K, V> Drop for Landing<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        count(&self.cache.stats().load_failures);
        // Before the flight is dropped, which is what those who wait are told by: the key is usable then.
        let mut shard = self.cache.flights.lock(&self.key);
        if is_current(&shard, &self.key, &self.flight) {
            shard.remove(&self.key);
        }
    }
}
