//! What changes keys: issue, rotation, revocation.

use std::time::{Duration, SystemTime};

use ovasabi_core::{Code, Context, Error};

use super::cache::Cache;
use super::record::{date, millis};
use super::{ApiKeyRecord, ApiKeys, IssuedKey, KeyId, NewApiKey};
use crate::jose::Reason;

impl ApiKeys {
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
        let new = successor(old, now);
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

/// The same key once more, with as long a life: from now on, or from its start if that is still to come.
fn successor(old: ApiKeyRecord, now: SystemTime) -> NewApiKey {
    let not_before = old.not_before;
    let no_earlier = |than: SystemTime| not_before.map_or(than, |start| start.max(than));
    let (started, starts) = (no_earlier(old.created_at), no_earlier(now));
    let expires = old.expires_at.map(|end| {
        let life = end.duration_since(started).unwrap_or_default();
        // A date that cannot be said must not become none at all.
        starts.checked_add(life).unwrap_or(end)
    });
    NewApiKey {
        not_before: (starts > now).then_some(starts),
        expires,
        owner: old.owner,
        scopes: old.scopes,
        label: old.label,
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
