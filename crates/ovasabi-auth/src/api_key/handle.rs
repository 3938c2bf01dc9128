//! The handle: looking, writing, showing. What changes keys is in `change`.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::context::Subject;
use ovasabi_core::inspect::{Inspected, NameTaken, Registry};
use ovasabi_core::time::{Clock, WallClock};
use ovasabi_core::{Context, Error};

use super::cache::Cache;
use super::failures::Failures;
use super::format::Format;
use super::stats::{Shown, Stats};
use super::usage::Uses;
use super::{ApiKeyRecord, ApiKeyStore, ApiKeysBuilder, KeyId};

/// Issues, rotates, revokes and checks keys. Clones share the store, the cache and the counts.
#[derive(Clone)]
pub struct ApiKeys(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) format: Format,
    pub(super) store: Arc<dyn ApiKeyStore>,
    pub(super) store_timeout: Duration,
    pub(super) cache: Arc<Cache>,
    pub(super) failures: Failures,
    pub(super) uses: Arc<Uses>,
    pub(super) last_used_interval: Duration,
    pub(super) clock: Clock,
    pub(super) wall_clock: WallClock,
    pub(super) shown: Arc<Inspected<Shown>>,
}

impl ApiKeys {
    /// Starts with where keys are kept.
    pub fn builder(store: impl ApiKeyStore) -> ApiKeysBuilder {
        ApiKeysBuilder::new(Arc::new(store))
    }

    pub(super) fn assemble(builder: ApiKeysBuilder, max_failures: NonZeroU32) -> Self {
        let stats = Arc::new(Stats::default());
        let cache = Arc::new(Cache::new(builder.cache_capacity, builder.cache_ttl));
        Self(Arc::new(Shared {
            format: Format::new(&builder.prefix, &builder.environment),
            uses: Arc::new(Uses::new(Arc::clone(&builder.store), Arc::clone(&stats))),
            store: builder.store,
            store_timeout: builder.store_timeout,
            failures: Failures::new(max_failures, builder.failure_window),
            last_used_interval: builder.last_used_interval,
            clock: builder.clock,
            wall_clock: builder.wall_clock,
            shown: Arc::new(Inspected::new(Shown {
                name: builder.name,
                stats,
                cache: Arc::clone(&cache),
            })),
            cache,
        }))
    }

    /// The keys of an owner in the order they were issued, those that ended too.
    ///
    /// # Errors
    /// As the store fails.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn list(&self, cx: &Context, owner: &Subject) -> Result<Vec<ApiKeyRecord>, Error> {
        self.0.store.list(cx, owner).await
    }

    /// The record of a key, past the cache.
    ///
    /// # Errors
    /// As the store fails.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn find(&self, cx: &Context, id: KeyId) -> Result<Option<ApiKeyRecord>, Error> {
        self.0.store.find(cx, &id).await
    }

    /// Writes the last uses that wait: before the process ends, for a task that writes them stops with the last handle.
    ///
    /// # Errors
    /// As the store fails; the uses are lost then.
    ///
    /// # Cancel safety
    /// Dropping the future may lose the uses that waited.
    pub async fn flush(&self, cx: &Context) -> Result<(), Error> {
        self.0.uses.flush(cx).await
    }

    /// Lets `registry` show its cache, reads and recorded uses.
    ///
    /// # Errors
    /// [`NameTaken`] when another one of this name is alive.
    pub fn inspect(self, registry: &Registry) -> Result<Self, NameTaken> {
        registry.register(&self.0.shown)?;
        Ok(self)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.uses.stop();
    }
}

impl std::fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiKeys")
            .field("name", &self.0.shown.name)
            .field("format", &self.0.format)
            .finish_non_exhaustive()
    }
}
