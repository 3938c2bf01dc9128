//! The handle.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ovasabi_core::context::Subject;
use ovasabi_core::inspect::{Inspected, NameTaken, Registry};
use ovasabi_core::time::{Clock, WallClock};
use ovasabi_core::{Code, Context, Error};

use super::cache::Cache;
use super::failures::Failures;
use super::format::Format;
use super::record::{date, millis};
use super::stats::{Shown, Stats};
use super::usage::Uses;
use super::{ApiKeyRecord, ApiKeyStore, ApiKeysBuilder, IssuedKey, KeyId, NewApiKey};
use crate::jose::Reason;

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

    /// Issues a key. The first half of the answer is shown to its owner once; nobody can find it again.
    ///
    /// # Errors
    /// `InvalidArgument` with a violation for each field that is wrong; else as the store fails.
    ///
    /// # Cancel safety
    /// Dropping the future may leave a key whose secret nobody knows: it is in the list, and does no harm.
    pub async fn issue(
        &self,
        cx: &Context,
        new: NewApiKey,
    ) -> Result<(IssuedKey, ApiKeyRecord), Error> {
        let now = self.0.wall_clock.now();
        new.check(now)?;
        let (issued, record) = self.make(new, now)?;
        self.0.store.insert(cx, &record).await?;
        let owner = record.owner.id();
        tracing::info!(target: "ovasabi::auth", key = %record.id, owner, "api key issued");
        Ok((issued, record))
    }

    /// Issues a key in the place of another one, for the same owner, with the same scopes and label, and with as long
    /// a life from now on. The old one is good for `overlap` yet, or until its own end if that is earlier.
    ///
    /// Processes that have the old one in their cache learn of its end within the `cache_ttl`: with an overlap
    /// that is longer than that, its end is exact everywhere.
    ///
    /// # Errors
    /// `NotFound` when there is no such key; `FailedPrecondition` when it has ended or was rotated before; else as the
    /// store fails.
    ///
    /// # Cancel safety
    /// Dropping the future may leave the old key with an end, and a new one whose secret nobody knows: rotate that one.
    pub async fn rotate(
        &self,
        cx: &Context,
        id: KeyId,
        overlap: Duration,
    ) -> Result<(IssuedKey, ApiKeyRecord), Error> {
        let now = self.0.wall_clock.now();
        let old = self.0.store.find(cx, &id).await?.ok_or_else(not_found)?;
        if let Err(reason @ (Reason::ApiKeyRevoked | Reason::Expired)) = old.check(now) {
            return Err(ended().caused_by(reason));
        }
        let not_before = old.not_before.filter(|start| *start > now);
        let (started, starts) = (
            old.not_before.unwrap_or(old.created_at),
            not_before.unwrap_or(now),
        );
        let expires = old.expires_at.map(|end| {
            let life = end.duration_since(started).unwrap_or_default();
            starts.checked_add(life).unwrap_or(end)
        });
        let new = NewApiKey {
            owner: old.owner,
            scopes: old.scopes,
            label: old.label,
            not_before,
            expires,
        };
        let end = now.checked_add(overlap).unwrap_or(now);
        let (issued, record) = self.make(new, now)?;
        let _forgotten = self.forget(id);
        if !self
            .0
            .store
            .replace(cx, &id, date(millis(end)), &record)
            .await?
        {
            return Err(ended());
        }
        tracing::info!(target: "ovasabi::auth", key = %id, by = %record.id, "api key rotated");
        Ok((issued, record))
    }

    /// Revokes a key: at once here, within the `cache_ttl` in other processes. Once more changes nothing.
    ///
    /// # Errors
    /// `NotFound` when there is no such key; else as the store fails, and then it may be revoked or not.
    ///
    /// # Cancel safety
    /// Dropping the future leaves it open whether the key is revoked: ask again.
    pub async fn revoke(&self, cx: &Context, id: KeyId) -> Result<(), Error> {
        let at = self.0.wall_clock.now();
        let _forgotten = self.forget(id);
        if !self.0.store.revoke(cx, &id, date(millis(at))).await? {
            return Err(not_found());
        }
        tracing::info!(target: "ovasabi::auth", key = %id, "api key revoked");
        Ok(())
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

    fn make(&self, new: NewApiKey, now: SystemTime) -> Result<(IssuedKey, ApiKeyRecord), Error> {
        let (issued, digest) = self.0.format.generate()?;
        let cut = |at: SystemTime| date(millis(at));
        let record = ApiKeyRecord {
            id: issued.id(),
            digest,
            owner: new.owner,
            scopes: new.scopes,
            label: new.label,
            created_at: cut(now),
            not_before: new.not_before.map(cut),
            expires_at: new.expires.map(cut),
            revoked_at: None,
            last_used_at: None,
            replaced_by: None,
        };
        Ok((issued, record))
    }

    /// Forgets a record once this is dropped, whatever became of the change: a future that was dropped, or a commit
    /// that nobody knows of, must not leave it in the cache.
    fn forget(&self, id: KeyId) -> Forget<'_> {
        Forget(&self.0.cache, id)
    }
}

fn ended() -> Error {
    Error::new(Code::FailedPrecondition, "api_key.ended")
}

fn not_found() -> Error {
    Error::new(Code::NotFound, "api_key.not_found")
}

struct Forget<'a>(&'a Cache, KeyId);

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.0.forget(&self.1);
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
