//! Keys in memory: for tests, and for services whose keys come with their configuration.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::SystemTime;

use async_trait::async_trait;
use ovasabi_core::context::Subject;
use ovasabi_core::{Code, Context, Error};

use super::{ApiKeyEntry, ApiKeyRecord, ApiKeyStore, KeyId, Peek};

/// Keeps keys in memory, and answers at once. Clones share them; they end with the process.
#[derive(Clone, Default)]
pub struct MemoryApiKeys(Arc<RwLock<Keys>>);

type Keys = HashMap<KeyId, Arc<ApiKeyEntry>>;

impl MemoryApiKeys {
    /// No keys yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    // A panic elsewhere leaves whole entries: each change is one insertion.
    fn read(&self) -> RwLockReadGuard<'_, Keys> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Keys> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ApiKeyStore for MemoryApiKeys {
    fn peek(&self, id: &KeyId) -> Peek {
        match self.read().get(id) {
            Some(entry) => Peek::Found(Arc::clone(entry)),
            None => Peek::Absent,
        }
    }

    async fn find(&self, _cx: &Context, id: &KeyId) -> Result<Option<ApiKeyRecord>, Error> {
        Ok(self.read().get(id).map(|entry| entry.record()))
    }

    async fn insert(&self, _cx: &Context, record: &ApiKeyRecord) -> Result<(), Error> {
        let mut keys = self.write();
        if keys.contains_key(&record.id) {
            return Err(Error::new(Code::AlreadyExists, "api_key.exists"));
        }
        keys.insert(record.id, Arc::new(ApiKeyEntry::new(record.clone())));
        Ok(())
    }

    async fn replace(
        &self,
        _cx: &Context,
        old: &KeyId,
        end: SystemTime,
        new: &ApiKeyRecord,
    ) -> Result<bool, Error> {
        let mut keys = self.write();
        let Some(entry) = keys.get_mut(old) else {
            return Ok(false);
        };
        let known = entry.as_record();
        if known.revoked_at.is_some() || known.replaced_by.is_some() {
            return Ok(false);
        }
        *entry = entry.changed(|record| {
            record.expires_at = Some(record.expires_at.map_or(end, |known| known.min(end)));
            record.replaced_by = Some(new.id);
        });
        keys.insert(new.id, Arc::new(ApiKeyEntry::new(new.clone())));
        Ok(true)
    }

    async fn revoke(&self, _cx: &Context, id: &KeyId, at: SystemTime) -> Result<bool, Error> {
        let mut keys = self.write();
        let Some(entry) = keys.get_mut(id) else {
            return Ok(false);
        };
        *entry = entry.changed(|record| record.revoked_at = record.revoked_at.or(Some(at)));
        Ok(true)
    }

    async fn list(&self, _cx: &Context, owner: &Subject) -> Result<Vec<ApiKeyRecord>, Error> {
        let keys = self.read();
        let own = keys
            .values()
            .filter(|entry| entry.as_record().owner == *owner);
        let mut own: Vec<_> = own.map(|entry| entry.record()).collect();
        own.sort_by_key(|record| (record.created_at, record.id));
        Ok(own)
    }

    async fn used(&self, _cx: &Context, uses: &[(KeyId, SystemTime)]) -> Result<(), Error> {
        let keys = self.read();
        for (id, at) in uses {
            if let Some(entry) = keys.get(id) {
                entry.note(*at);
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for MemoryApiKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys = self.read().len();
        f.debug_struct("MemoryApiKeys")
            .field("keys", &keys)
            .finish()
    }
}
