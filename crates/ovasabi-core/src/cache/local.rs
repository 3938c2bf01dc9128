//! The cache in the process.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tracing::Instrument;

use super::landing::Landing;
use super::shared::{Miss, Shared};
use super::stats::{Report, count};
use super::{Cache, LocalCacheBuilder};
use crate::inspect::{Inspect, Inspected};
use crate::reject::Name;
use crate::{Context, Result};

/// A bounded cache in the process. See the [module](crate::cache); clones share the entries.
///
/// A hit costs what moka's does and one read of the clock. A load costs one task.
pub struct LocalCache<K, V> {
    shared: Arc<Shared<K, V>>,
}

impl<K, V> LocalCache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// A builder for a cache with this name, which tells it apart in metrics.
    pub fn builder(name: impl Into<Name>) -> LocalCacheBuilder<K, V> {
        LocalCacheBuilder::new(name.into())
    }

    pub(super) fn assemble(builder: LocalCacheBuilder<K, V>) -> Self {
        Self {
            shared: Arc::new(Shared::new(builder)),
        }
    }

    pub(super) fn report(&self) -> &Arc<Inspected<Report>> {
        &self.shared.report
    }

    /// [`invalidate`](Cache::invalidate) for who cannot wait: the hook of a commit, which runs also when its caller has
    /// gone. It never has to, for everything is in the process.
    ///
    /// ```
    /// # use ovasabi_core::cache::LocalCache;
    /// let names: LocalCache<u32, String> = LocalCache::builder("names").build()?;
    /// let cache = names.clone();
    /// let hook = move || cache.forget(&7); // `uow.on_commit(move |_| cache.forget(&7))`
    /// # hook();
    /// # Ok::<(), ovasabi_core::Error>(())
    /// ```
    pub fn forget(&self, key: &K) {
        let mut shard = self.shared.flights.lock(key);
        // The load goes on for those who wait, but it is no longer the one whose result is kept.
        let flight = shard.remove(key);
        self.shared.entries.invalidate(key);
        drop(shard);
        drop(flight);
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &Name {
        self.shared.report.name()
    }
}

impl<K, V> Cache<K, V> for LocalCache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    async fn get(&self, _cx: &Context, key: &K) -> Result<Option<Arc<V>>> {
        let found = self.shared.look(key);
        let stats = self.shared.stats();
        count(if found.is_some() {
            &stats.hits
        } else {
            &stats.misses
        });
        Ok(found.flatten())
    }

    async fn get_or_load<F, L>(&self, cx: &Context, key: &K, load: F) -> Result<Option<Arc<V>>>
    where
        F: FnOnce(Context) -> L + Send,
        L: Future<Output = Result<Option<V>>> + Send + 'static,
    {
        if let Some(value) = self.shared.look(key) {
            count(&self.shared.stats().hits);
            return Ok(value);
        }
        count(&self.shared.stats().misses);
        cx.check()?;
        let wait = match self.shared.miss(key) {
            Miss::Filled(value) => return Ok(value),
            Miss::Join(wait) => wait,
            Miss::Lead(wait, flight) => {
                let landing = Landing::new(&self.shared, key, flight);
                self.lead(cx, landing, load);
                wait
            }
        };
        wait.outcome(cx).await
    }

    async fn set(&self, _cx: &Context, key: K, value: V) -> Result<()> {
        let value = Some(Arc::new(value));
        let mut shard = self.shared.flights.lock(&key);
        let flight = shard.remove(&key);
        self.shared.keep(key, value.clone(), self.shared.epoch());
        drop(shard);
        if let Some(flight) = flight {
            flight.land(Ok(value));
        }
        Ok(())
    }

    async fn invalidate(&self, _cx: &Context, key: &K) -> Result<()> {
        self.forget(key);
        Ok(())
    }

    async fn clear(&self, _cx: &Context) -> Result<()> {
        let shared = &self.shared;
        // Release: pairs with the acquire of readers. From here on no older entry counts; the rest gives
        // their memory back.
        shared.epoch.fetch_add(1, Ordering::Release);
        for key in shared.outdated() {
            shared.remove_outdated(&key);
            tokio::task::consume_budget().await;
        }
        shared.entries.run_pending_tasks();
        Ok(())
    }
}

impl<K, V> LocalCache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// Starts the load as a task of its own: it belongs to all that wait, and to none of them.
    fn lead<F, L>(&self, cx: &Context, landing: Landing<K, V>, load: F)
    where
        F: FnOnce(Context) -> L,
        L: Future<Output = Result<Option<V>>> + Send + 'static,
    {
        count(&self.shared.stats().loads);
        let (cx, guard) = cx
            .without_cancel()
            .with_timeout(self.shared.load_timeout)
            .child();
        let load = load(cx.clone());
        let work = async move {
            // Cancels what the load has started elsewhere, when it is over for whatever reason.
            let _guard = guard;
            landing.fly(&cx, cx.scope(load)).await;
        };
        tokio::spawn(work.in_current_span());
    }
}

impl<K, V> Clone for LocalCache<K, V> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<K, V> fmt::Debug for LocalCache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalCache").finish_non_exhaustive()
    }
}
