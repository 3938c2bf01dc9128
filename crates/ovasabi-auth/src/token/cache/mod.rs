//! Tokens that were verified a moment ago.
//!
//! A caller sends the same token with every request, and a signature costs some 30 µs each time. A verifier remembers
//! who was verified, for at most a minute, and asks of each hit what a signature does not answer: is it still in time,
//! are the keys still those that it was verified with, is it [revoked](super::Revocations). What a caller may do is
//! never remembered: rules are asked on every request.
//!
//! * A token is found by a seeded hash, and then compared to the last byte. Its payload is not kept twice: it is compared
//!   with the claims, and its header is shared with all that have the same.
//! * Only tokens that were verified are kept: an attacker without valid ones fills nothing.
//! * It never grows: a set of eight makes way among itself, for the one that was used the longest time ago.
//! * The signature of a token is wiped when it goes, and so is all of one that has no claims. Tokens above [`TokenCache::MAX_TOKEN_BYTES`] are not kept.

mod kept;
mod set;
#[cfg(test)]
mod tests;

use std::fmt;
use std::hash::Hasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;

use crate::Principal;
use kept::Headers;
use set::{Entry, Set};

/// How many verified tokens are remembered, and for how long. See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct TokenCache {
    pub(super) capacity: usize,
    pub(super) ttl: Duration,
}

impl TokenCache {
    /// Longer tokens are verified each time.
    pub const MAX_TOKEN_BYTES: usize = 4096;
    /// The most that can be remembered.
    pub(super) const MAX_CAPACITY: usize = 1_000_000;
    /// The longest time.
    pub(super) const MAX_TTL: Duration = Duration::from_secs(60);

    /// So many tokens, 1 to 1 000 000, rounded up to the next multiple of eight; for 60 s each.
    pub const fn bounded(capacity: usize) -> Self {
        Self {
            capacity,
            ttl: Self::MAX_TTL,
        }
    }

    /// For how long a token is believed without a look at its signature: 1 s to 60 s, and never beyond its end.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }
}

/// 10 000 tokens for 60 s.
impl Default for TokenCache {
    fn default() -> Self {
        Self::bounded(10_000)
    }
}

/// What of a token has to hold at each hit, in nanoseconds since 1970 and by the generation of the keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validity {
    pub(crate) from: u64,
    pub(crate) until: u64,
    pub(crate) keys: u64,
}

/// So many bytes of a token are hashed. All are compared.
const HASHED: usize = 64;

/// The memory.
pub(crate) struct Cache {
    seed: (u64, SharedSeed),
    sets: Box<[Set]>,
    headers: Headers,
    ttl: u64,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Cache {
    pub(crate) fn new(settings: TokenCache) -> Self {
        // Keyed by the operating system: foldhash seeds itself with addresses and the time.
        let random = std::hash::RandomState::new();
        let hash = |word: u8| std::hash::BuildHasher::hash_one(&random, word);
        let sets = settings.capacity.div_ceil(Set::PLACES);
        Self {
            seed: (hash(0), SharedSeed::from_u64(hash(1))),
            sets: (0..sets).map(|_| Set::default()).collect(),
            headers: Headers::default(),
            ttl: nanos(settings.ttl),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Who was verified with this token, if that still holds.
    #[inline]
    pub(crate) fn get(&self, token: &str, now: Duration, keys: u64) -> Option<Principal> {
        if token.len() > TokenCache::MAX_TOKEN_BYTES {
            return None;
        }
        let hash = self.hash(token);
        let found = self.set(hash)?.get(hash, token, nanos(now), keys);
        // Relaxed: each number stands alone.
        let count = if found.is_some() {
            &self.hits
        } else {
            &self.misses
        };
        count.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Remembers who was verified with this token at `now`.
    pub(crate) fn put(&self, token: &str, principal: &Principal, now: Duration, valid: Validity) {
        if token.len() > TokenCache::MAX_TOKEN_BYTES {
            return;
        }
        let hash = self.hash(token);
        let until = valid.until.min(nanos(now).saturating_add(self.ttl));
        if let Some(set) = self.set(hash) {
            let valid = Validity { until, ..valid };
            set.put(
                token,
                Entry::new(hash, token, principal, valid, &self.headers),
            );
        }
    }

    /// Forgets a token.
    #[cfg(feature = "introspection")]
    pub(crate) fn remove(&self, token: &str) {
        let hash = self.hash(token);
        if let Some(set) = self.set(hash) {
            set.remove(hash, token);
        }
    }

    /// How often a token was known, and how often not.
    pub(super) fn counts(&self) -> (u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.hits), read(&self.misses))
    }

    fn hash(&self, token: &str) -> u64 {
        let (own, shared) = &self.seed;
        let mut hasher = FoldHasher::with_seed(*own, shared);
        // Its end is its signature, in which tokens differ most.
        let end = token.as_bytes().last_chunk::<HASHED>();
        hasher.write(end.map_or(token.as_bytes(), |end| end));
        hasher.finish()
    }

    fn set(&self, hash: u64) -> Option<&Set> {
        let at = usize::try_from(hash >> 16).unwrap_or(usize::MAX) % self.sets.len().max(1);
        self.sets.get(at)
    }
}

/// What does not fit is the year 2554.
pub(crate) fn nanos(since_epoch: Duration) -> u64 {
    u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hits, misses) = self.counts();
        f.debug_struct("Cache")
            .field("hits", &hits)
            .field("misses", &misses)
            .finish_non_exhaustive()
    }
}
