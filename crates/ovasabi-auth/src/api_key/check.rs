//! Whether a key is good.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ovasabi_core::http::PeerAddr;
use ovasabi_core::{Context, Error};

use super::failures::Who;
use super::format::PresentedKey;
use super::handle::Shared;
use super::stats::count;
use super::{ApiKeyEntry, ApiKeys, Peek, SecretDigest};
use crate::Principal;
use crate::address::counted;
use crate::jose::Reason;
use crate::layer::Denied;

/// After this time a request may try again that nobody could answer.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Compared with when there is no key: no text is known to have this digest.
const NOBODY: SecretDigest = SecretDigest::from_bytes([0; 32]);

impl ApiKeys {
    /// Checks a key that came from `peer`, as [`ApiKeyAuthenticator`](super::ApiKeyAuthenticator) does for requests.
    ///
    /// # Errors
    /// Why it was refused: for logs and metrics, not for the caller.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn verify(
        &self,
        cx: &Context,
        key: &str,
        peer: PeerAddr,
    ) -> Result<Principal, Denied> {
        let key = self.0.format.parse(key)?;
        let who = (key.id, peer.ip().map(counted));
        match self.0.check_now(&key, who) {
            Some(checked) => checked,
            None => self.0.check_later(cx, &key, who).await,
        }
    }
}

impl Shared {
    /// Checks what can be checked at once; `None` when the store has to be asked.
    pub(super) fn check_now(
        &self,
        key: &PresentedKey,
        who: Who,
    ) -> Option<Result<Principal, Denied>> {
        let now = self.clock.now();
        if let Some(wait) = self.failures.check(who, now) {
            return Some(Err(too_many(wait)));
        }
        let date = self.wall_clock.now();
        match self.store.peek(&key.id) {
            Peek::Found(entry) => {
                let checked = self.judge(Some(&entry), key, who, date);
                if checked.is_ok() {
                    // The store has the entry itself: nothing is left to write.
                    entry.mark(date, self.last_used_interval);
                }
                Some(checked)
            }
            Peek::Absent => Some(self.judge(None, key, who, date)),
            Peek::Ask => {
                let entry = self.cache.get(&key.id, now)?;
                count(&self.shown.stats.cache_hits);
                Some(self.judge_and_record(Some(&entry), key, who, date))
            }
        }
    }

    /// Asks the store.
    pub(super) async fn check_later(
        &self,
        cx: &Context,
        key: &PresentedKey,
        who: Who,
    ) -> Result<Principal, Denied> {
        let cx = cx.with_timeout(self.store_timeout);
        match self.read(&cx, key).await {
            Ok(entry) => {
                let date = self.wall_clock.now();
                self.judge_and_record(entry.as_deref(), key, who, date)
            }
            Err(error) => {
                count(&self.shown.stats.read_failures);
                tracing::warn!(target: "ovasabi::auth", key = %key.id, %error, "the store of API keys did not answer");
                Err(Denied::unavailable(RETRY_AFTER))
            }
        }
    }

    async fn read(
        &self,
        cx: &Context,
        key: &PresentedKey,
    ) -> Result<Option<Arc<ApiKeyEntry>>, Error> {
        // One of those who want the same key reads; the others find it in the cache then.
        let _door = cx.run(self.cache.door(&key.id).lock()).await?;
        let now = self.clock.now();
        if let Some(entry) = self.cache.get(&key.id, now) {
            count(&self.shown.stats.cache_hits);
            return Ok(Some(entry));
        }
        count(&self.shown.stats.reads);
        let begun = self.cache.begin(&key.id, now);
        let found = cx.run(self.store.find(cx, &key.id)).await??;
        let entry = found.map(|record| Arc::new(ApiKeyEntry::new(record)));
        if let Some(entry) = &entry {
            self.cache.keep(Arc::clone(entry), begun, self.clock.now());
        }
        Ok(entry)
    }

    fn judge_and_record(
        &self,
        entry: Option<&ApiKeyEntry>,
        key: &PresentedKey,
        who: Who,
        date: SystemTime,
    ) -> Result<Principal, Denied> {
        let checked = self.judge(entry, key, who, date);
        if let (Ok(_), Some(entry)) = (&checked, entry)
            && entry.mark(date, self.last_used_interval)
        {
            self.uses.add(key.id, date);
        }
        checked
    }

    /// The same work whatever is wrong: the digest of the secret is there, and is compared once, with something.
    fn judge(
        &self,
        entry: Option<&ApiKeyEntry>,
        key: &PresentedKey,
        who: Who,
        date: SystemTime,
    ) -> Result<Principal, Denied> {
        let record = entry.map(ApiKeyEntry::as_record);
        let is_same = record
            .map_or(&NOBODY, |record| &record.digest)
            .is(&key.digest);
        let reason = match (entry, is_same) {
            (None, _) => Reason::ApiKeyUnknown,
            (Some(_), false) => Reason::ApiKeyWrong,
            (Some(entry), true) => match entry.as_record().check(date) {
                Ok(()) => return Ok(entry.principal().clone()),
                Err(reason) => reason,
            },
        };
        tracing::debug!(target: "ovasabi::auth", key = %key.id, %reason, "api key refused");
        match self.failures.failed(who, self.clock.now()) {
            Some(wait) => Err(too_many(wait)),
            None => Err(reason.into()),
        }
    }
}

fn too_many(wait: Duration) -> Denied {
    Denied::from(Reason::TooManyFailures).retry_after(wait)
}

#[cfg(test)]
mod tests {
    use ovasabi_core::Context;
    use ovasabi_core::context::{Subject, SubjectKind};
    use ovasabi_core::http::PeerAddr;
    use ovasabi_core::time::WallClock;

    use crate::api_key::secret::work;
    use crate::api_key::{ApiKeys, MemoryApiKeys, NewApiKey};
    use crate::jose::Reason;

    #[tokio::test]
    async fn a_wrong_id_and_a_wrong_secret_are_the_same_work() {
        let (store, cx) = (MemoryApiKeys::new(), Context::background());
        let (clock, _) = WallClock::manual(std::time::UNIX_EPOCH);
        let builder = || ApiKeys::builder(store.clone()).wall_clock(clock.clone());
        let keys = builder().build().expect("the settings are valid");
        let new = || NewApiKey::new(Subject::new(SubjectKind::Service, "robot"));
        let (good, _) = keys.issue(&cx, new()).await.expect("it is valid");

        // Keys of one form, made where nobody keeps them: one of an id that is known, one of an id that is not.
        let (stranger, _) = keys.0.format.generate().expect("there is randomness");
        let (head, tail) = (
            good.expose().split_at(25).0,
            stranger.expose().split_at(25).1,
        );
        let summed = format!("{head}{}", &tail[..44]);
        let crossed = keys.0.format.with_checksum(&summed);
        for (text, reason) in [
            (good.expose(), None),
            (stranger.expose(), Some(Reason::ApiKeyUnknown)),
            (crossed.as_str(), Some(Reason::ApiKeyWrong)),
        ] {
            let before = work();
            let checked = keys.verify(&cx, text, PeerAddr::UNKNOWN).await;
            assert_eq!(checked.err().map(|denied| denied.reason()), reason);
            let (digests, comparisons) = work();
            assert_eq!(
                (digests - before.0, comparisons - before.1),
                (1, 1),
                "{reason:?}"
            );
        }
    }
}
