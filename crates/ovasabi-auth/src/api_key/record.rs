//! What is known of a key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ovasabi_core::context::Subject;

use super::{KeyId, SecretDigest};
use crate::Principal;
use crate::jose::Reason;

/// A key as a store keeps it. Dates are in whole milliseconds.
///
/// Every field is public and none can be left out: a store that does not know of a field would lose it.
#[derive(Clone, Debug)]
pub struct ApiKeyRecord {
    /// The public id.
    pub id: KeyId,
    /// The digest of the secret.
    pub digest: SecretDigest,
    /// Whom the key stands for.
    pub owner: Subject,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// What its owner calls it.
    pub label: String,
    /// When it was issued.
    pub created_at: SystemTime,
    /// From when on it is good, if not at once.
    pub not_before: Option<SystemTime>,
    /// From when on it is no longer good, if ever.
    pub expires_at: Option<SystemTime>,
    /// When it was revoked.
    pub revoked_at: Option<SystemTime>,
    /// When it was used last, as far as was recorded.
    pub last_used_at: Option<SystemTime>,
    /// The key that took its place, if it was rotated.
    pub replaced_by: Option<KeyId>,
}

impl ApiKeyRecord {
    /// Why the key is not good at `now`, if it is not.
    ///
    /// # Errors
    /// [`Reason::ApiKeyRevoked`], [`Reason::NotYetValid`], or [`Reason::Expired`].
    pub fn check(&self, now: SystemTime) -> Result<(), Reason> {
        if self.revoked_at.is_some() {
            return Err(Reason::ApiKeyRevoked);
        }
        if self.not_before.is_some_and(|start| now < start) {
            return Err(Reason::NotYetValid);
        }
        match self.expires_at {
            Some(end) if now >= end => Err(Reason::Expired),
            _ => Ok(()),
        }
    }
}

/// A record that is ready for checks: who it stands for is made once, and shared by all requests.
#[derive(Debug)]
pub struct ApiKeyEntry {
    record: ApiKeyRecord,
    principal: Principal,
    /// Milliseconds since 1970; 0 is never.
    last_used: AtomicU64,
}

impl ApiKeyEntry {
    /// Makes a record ready.
    #[must_use]
    pub fn new(record: ApiKeyRecord) -> Self {
        let principal = Principal::new(record.owner.clone());
        let scopes = record.scopes.iter();
        let principal = scopes.fold(principal, Principal::with_scope);
        let principal = principal.with_credential_id(record.id.as_str());
        let principal = match record.expires_at {
            Some(end) => principal.with_expiry(end),
            None => principal,
        };
        let last_used = AtomicU64::new(record.last_used_at.map_or(0, millis));
        Self {
            record,
            principal,
            last_used,
        }
    }

    /// The record, with the latest use that is known here.
    #[must_use]
    pub fn record(&self) -> ApiKeyRecord {
        // Relaxed, here and below: the date stands alone.
        let last_used = self.last_used.load(Ordering::Relaxed);
        ApiKeyRecord {
            last_used_at: (last_used > 0).then(|| date(last_used)),
            ..self.record.clone()
        }
    }

    pub(super) fn as_record(&self) -> &ApiKeyRecord {
        &self.record
    }

    pub(super) fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Takes down a use, unless one was taken down within `interval`: `true` for one caller in all that time.
    #[inline]
    pub(super) fn mark(&self, now: SystemTime, interval: Duration) -> bool {
        let (now, known) = (millis(now), self.last_used.load(Ordering::Relaxed));
        let interval = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
        let is_due = known == 0 || now.saturating_sub(known) >= interval;
        is_due && {
            let taken = Ordering::Relaxed;
            let marked = self
                .last_used
                .compare_exchange(known, now.max(1), taken, taken);
            marked.is_ok()
        }
    }

    /// Takes down a use that somebody else knows of.
    pub(super) fn note(&self, at: SystemTime) {
        self.last_used.fetch_max(millis(at), Ordering::Relaxed);
    }

    /// A changed record, which keeps the use that was taken down.
    pub(super) fn changed(&self, change: impl FnOnce(&mut ApiKeyRecord)) -> Arc<Self> {
        let mut record = self.record();
        change(&mut record);
        Arc::new(Self::new(record))
    }
}

/// Milliseconds since 1970: what is before counts as 1970.
pub(super) fn millis(date: SystemTime) -> u64 {
    let since = date.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Dates beyond what the platform can say are its last resort: 1970, the past.
pub(super) fn date(millis: u64) -> SystemTime {
    let since = Duration::from_millis(millis);
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}
