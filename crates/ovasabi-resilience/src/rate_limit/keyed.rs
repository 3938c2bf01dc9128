//! A bucket for each key.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::admit::Admit;
use ovasabi_core::inspect::{Inspect, Inspected, Snapshot};
use ovasabi_core::reject::Name;
use ovasabi_core::time::{Clock, Tick};

use super::acquire::Acquire;
use super::bucket::{Bucket, bounded};
use super::buckets::State;
use super::engine::{Decision, Refusal, Refused};
use super::key::RequestKey;
use super::shared::set_quota;
use super::store::fingerprint;
use super::turn::Patience;
use super::{KeyedRateLimiterBuilder, Quota, Standing};
use crate::config::ConfigError;

/// A rate limit for each key: an address, an account, an API key. Clones share the buckets.
///
/// Memory is fixed when it is built and does not grow with keys; see the [module](super). It does not keep
/// the keys themselves, so it cannot list them.
pub struct KeyedRateLimiter<K: ?Sized> {
    state: Arc<Inspected<State>>,
    key: PhantomData<fn(&K)>,
}

/// What it is called in registries.
pub(super) const KIND: &str = "keyed_rate_limiter";

/// What happens to a new key whose places are all taken by keys that are being limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// It shares one bucket, of the same quota, with all others that found no place there: the default.
    #[default]
    SharedBucket,
    /// It is refused, until the first of them can be as good as new.
    Deny,
}

impl<K: Hash + ?Sized> KeyedRateLimiter<K> {
    /// Starts to build a limiter that gives each key this quota.
    pub fn builder(name: impl Into<Name>, quota: Quota) -> KeyedRateLimiterBuilder<K> {
        KeyedRateLimiterBuilder::new(name.into(), quota)
    }

    pub(super) fn new(builder: KeyedRateLimiterBuilder<K>) -> Self {
        let capacity = builder.capacity.get();
        let state = State::new(builder.base.core(), capacity, builder.when_full);
        Self {
            state: Arc::new(Inspected::new(state)),
            key: PhantomData,
        }
    }

    /// Takes one of `key`, now.
    ///
    /// # Errors
    /// The [`Rejection`], with the exact time to come back.
    #[inline]
    pub fn check(&self, key: &K) -> Result<(), Rejection> {
        self.admit(key, NonZeroU32::MIN, self.clock().now())
    }

    /// Takes `cost` of `key`, and waits for its turn among those with the same key if need be: as
    /// [`RateLimiter::acquire`](super::RateLimiter::acquire). A key that found no place does not wait.
    ///
    /// # Errors
    /// A [`Rejection`], at once when the time would not suffice, the queue is full, or the cost is above the
    /// burst; `QueueTimeout` after `max_wait` when a new quota has made the wait longer.
    ///
    /// # Panics
    /// When it has to wait outside of a tokio runtime with a timer.
    #[must_use = "futures do nothing unless polled"]
    pub fn acquire(&self, key: &K, cost: NonZeroU32, max_wait: Duration) -> Acquire {
        let patience = Patience {
            max_wait,
            deadline: None,
        };
        self.wait(self.fingerprint(key), cost, patience)
    }

    /// Where the bucket of `key` stands now. Takes nothing.
    #[must_use]
    pub fn standing(&self, key: &K) -> Standing {
        let now = bounded(self.clock().now());
        let bucket = self.state.lines.find(self.fingerprint(key));
        Standing::new(self.quota(), bucket.map_or(0, Bucket::full_at), now)
    }

    /// Takes over the numbers of `builder`: the quota, how many may wait, and what happens when it is full. Its
    /// name, clock and registry do not matter. Nothing is forgotten; see [`Self::set_quota`].
    ///
    /// # Errors
    /// [`ConfigError`], and nothing is changed, when [`KeyedRateLimiterBuilder::build`] would refuse a number,
    /// or the capacity is another: places cannot be added.
    #[expect(clippy::needless_pass_by_value, reason = "as `build` takes it")]
    pub fn reconfigure(&self, builder: KeyedRateLimiterBuilder<K>) -> Result<(), ConfigError> {
        builder.check(Some(self.capacity()))?;
        let denies = builder.when_full == WhenFull::Deny;
        self.state.denies_when_full.store(denies, Ordering::Relaxed);
        self.state.core.queue.set_max(builder.base.max_waiting);
        self.set_quota(builder.base.quota);
        Ok(())
    }

    #[inline(always)]
    pub(super) fn fingerprint(&self, key: &K) -> u64 {
        let mut hasher = self.state.seed.hasher();
        key.hash(&mut hasher);
        fingerprint(hasher.finish())
    }
}

impl<K: ?Sized> KeyedRateLimiter<K> {
    /// The quota of each key.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.state.core.quota.get()
    }

    /// Changes the quota of all keys, for those who wait too. What is taken stays taken, in units: who had
    /// used three of ten has used three of the new ones.
    ///
    /// It goes through all places, some 2 ms for a million; keys are decided meanwhile.
    pub fn set_quota(&self, quota: Quota) {
        set_quota(&**self.state, quota);
    }

    /// How many live keys it was built for; see [`KeyedRateLimiterBuilder::capacity`].
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.state.capacity
    }

    /// How many bytes its buckets take, whatever comes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.state.lines.memory()
    }

    /// Its numbers now. Counts the live keys: looks at every place.
    pub fn snapshot(&self) -> Snapshot {
        self.state.snapshot()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.state.core.name
    }

    /// How many wait for their turn, of all keys.
    #[cfg(feature = "testkit")]
    pub(crate) fn waiting(&self) -> u32 {
        self.state.core.queue.len()
    }

    /// Takes `cost` of a key at `now`: the engine, without clock, count or allocation.
    #[inline(always)]
    pub(crate) fn enter(&self, fingerprint: u64, cost: NonZeroU32, now: Tick) -> Decision {
        self.state.decide(fingerprint, cost, now)
    }

    /// Counts a refusal of [`Self::enter`], and says it.
    #[cold]
    pub(crate) fn refuse(&self, refused: Refused) -> Rejection {
        self.state.core.refuse(refused)
    }

    pub(super) fn wait(&self, fingerprint: u64, cost: NonZeroU32, patience: Patience) -> Acquire {
        let now = self.clock().now();
        let refused = match self.enter(fingerprint, cost, now) {
            Ok(standing) => return Acquire::decided(Ok(Some(standing))),
            Err(refused) => refused,
        };
        let has_place = self.state.lines.find(fingerprint).is_some();
        if refused.refusal == Refusal::Never || !has_place {
            return Acquire::decided(Err((self.refuse(refused), Some(refused.standing))));
        }
        Acquire::join(
            Arc::clone(&self.state) as _,
            fingerprint,
            cost,
            now,
            patience,
        )
    }

    /// The fingerprint of a key that is found in `request`, if there is one.
    #[inline(always)]
    pub(super) fn fingerprint_of<Req>(
        &self,
        request: &Req,
        key: &impl RequestKey<Req>,
    ) -> Option<u64> {
        let mut hasher = self.state.seed.hasher();
        key.hash_key(request, &mut hasher)
            .then(|| fingerprint(hasher.finish()))
    }

    /// The fingerprint of all requests that have no key.
    #[inline]
    pub(super) fn keyless(&self) -> u64 {
        fingerprint(self.state.seed.hasher().finish())
    }

    #[inline]
    pub(super) fn clock(&self) -> &Clock {
        &self.state.core.clock
    }

    pub(super) fn shared(&self) -> &Arc<Inspected<State>> {
        &self.state
    }
}

impl<K: Hash + ?Sized> Admit<K> for KeyedRateLimiter<K> {
    type Permit = ();

    #[inline(always)]
    fn admit(&self, key: &K, cost: NonZeroU32, now: Tick) -> Result<(), Rejection> {
        match self.enter(self.fingerprint(key), cost, now) {
            Ok(_) => Ok(()),
            Err(refused) => Err(self.refuse(refused)),
        }
    }
}

// Written by hand: a derive would ask for `K: Clone`.
impl<K: ?Sized> Clone for KeyedRateLimiter<K> {
    fn clone(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
            key: PhantomData,
        }
    }
}

impl<K: ?Sized> fmt::Debug for KeyedRateLimiter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self.state).fmt(f)
    }
}
