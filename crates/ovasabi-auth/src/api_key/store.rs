//! Where keys are kept.

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use ovasabi_core::context::Subject;
use ovasabi_core::{Context, Error};

use super::{ApiKeyEntry, ApiKeyRecord, KeyId};

/// Keeps keys. [`MemoryApiKeys`](super::MemoryApiKeys) is one, `SqliteApiKeys` another.
///
/// Every method may be dropped at any await. The context ends those that wait.
#[async_trait]
pub trait ApiKeyStore: Send + Sync + 'static {
    /// What is known without asking anybody. Default: nothing. Must not block.
    fn peek(&self, id: &KeyId) -> Peek {
        let _ = id;
        Peek::Ask
    }

    /// The key of this id: one read by a unique index, for this is asked for requests.
    ///
    /// # Errors
    /// When nobody can say; requests are answered with 503 then.
    async fn find(&self, cx: &Context, id: &KeyId) -> Result<Option<ApiKeyRecord>, Error>;

    /// Adds a key.
    ///
    /// # Errors
    /// `AlreadyExists` when there is one of this id; else as the store fails.
    async fn insert(&self, cx: &Context, record: &ApiKeyRecord) -> Result<(), Error>;

    /// Ends the key `old` at `end`, if it would not end before, notes what took its place, and adds `new`: all or
    /// nothing. `false`, and nothing is done, when there is no such key, it was revoked, or was replaced before.
    ///
    /// # Errors
    /// As the store fails.
    async fn replace(
        &self,
        cx: &Context,
        old: &KeyId,
        end: SystemTime,
        new: &ApiKeyRecord,
    ) -> Result<bool, Error>;

    /// Revokes a key at `at`; one that was revoked before keeps its date. `false` when there is none of this id.
    ///
    /// # Errors
    /// As the store fails.
    async fn revoke(&self, cx: &Context, id: &KeyId, at: SystemTime) -> Result<bool, Error>;

    /// The keys of an owner, of its kind and tenant, in the order they were issued: those that ended too.
    ///
    /// # Errors
    /// As the store fails.
    async fn list(&self, cx: &Context, owner: &Subject) -> Result<Vec<ApiKeyRecord>, Error>;

    /// Notes when keys were used last; later dates that are known stay. Keys that are gone are passed over.
    ///
    /// # Errors
    /// As the store fails.
    async fn used(&self, cx: &Context, uses: &[(KeyId, SystemTime)]) -> Result<(), Error>;
}

/// What a store knows at once.
#[derive(Clone, Debug)]
pub enum Peek {
    /// The key.
    Found(Arc<ApiKeyEntry>),
    /// There is no such key.
    Absent,
    /// It has to be asked: [`ApiKeyStore::find`].
    Ask,
}
