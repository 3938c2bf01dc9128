//! A bucket for each key.

use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ovasabi_core::Rejection;
use ovasabi_core::admit::Admit;
use ovasabi_core::inspect::{Inspect, Inspected, Metric, Snapshot};
use ovasabi_core::reject::Name;
use ovasabi_core::time::{Clock, Tick};

use super::bucket::Bucket;
use super::engine::{Refusal, decide};
use super::handle::reject;
use super::store::Lines;
use super::{KeyedRateLimiterBuilder, Quota};

/// A rate limit for each key: an address, an account, an API key. Clones share the buckets.
///
/// Memory is fixed when it is built and does not grow with keys; see the [module](super). It does not keep
/// the keys themselves, so it cannot list them.
pub struct KeyedRateLimiter<K: ?Sized> {
    state: Arc<Inspected<State>>,
    key: PhantomData<fn(&K)>,
}

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

pub(super) struct State {
    name: Name,
    quota: Quota,
    clock: Clock,
    hasher: RandomState,
    lines: Lines,
    when_full: WhenFull,
    denied: AtomicU64,
    overflowed: AtomicU64,
}

impl<K: Hash + ?Sized> KeyedRateLimiter<K> {
    /// Starts to build a limiter that gives each key this quota.
    pub fn builder(name: impl Into<Name>, quota: Quota) -> KeyedRateLimiterBuilder<K> {
        KeyedRateLimiterBuilder::new(name.into(), quota)
    }

    pub(super) fn new(builder: KeyedRateLimiterBuilder<K>) -> Self {
        let KeyedRateLimiterBuilder {
            name,
            quota,
            clock,
            capacity,
            when_full,
            ..
        } = builder;
        let state = State {
            name,
            quota,
            clock,
            // Seeded anew in each limiter: nobody can choose keys that fall on one line.
            hasher: RandomState::new(),
            lines: Lines::new(capacity.get()),
            when_full,
            denied: AtomicU64::new(0),
            overflowed: AtomicU64::new(0),
        };
        Self {
            state: Arc::new(Inspected::new(state)),
            key: PhantomData,
        }
    }

    /// Takes one of `key`, now.
    ///
    /// # Errors
    /// The [`Rejection`], with the exact time to come back.
    pub fn check(&self, key: &K) -> Result<(), Rejection> {
        self.admit(key, NonZeroU32::MIN, self.clock().now())
    }

    /// The quota of each key.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.state.quota
    }

    /// How many keys it tells apart at once.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.state.lines.capacity()
    }

    /// Its numbers now. Counts the live keys: looks at every place.
    pub fn snapshot(&self) -> Snapshot {
        self.state.snapshot()
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.state.clock
    }

    pub(super) fn shared(&self) -> &Arc<Inspected<State>> {
        &self.state
    }
}

impl<K: Hash + ?Sized> Admit<K> for KeyedRateLimiter<K> {
    type Permit = ();

    fn admit(&self, key: &K, cost: NonZeroU32, now: Tick) -> Result<(), Rejection> {
        let state = &**self.state;
        state
            .decide(state.hasher.hash_one(key), cost, now)
            .map_err(|refusal| {
                // Relaxed: a number to look at.
                state.denied.fetch_add(1, Ordering::Relaxed);
                reject(refusal, &state.name)
            })
    }
}

impl State {
    fn decide(&self, fingerprint: u64, cost: NonZeroU32, now: Tick) -> Result<(), Refusal> {
        // What can never be admitted takes no place from others.
        if cost > self.quota.burst() {
            return Err(Refusal::Never);
        }
        let decide = |bucket: &Bucket| decide(self.quota, bucket, cost, now);
        let full = match self.lines.visit(fingerprint, now, decide) {
            Ok(decision) => return decision,
            Err(full) => full,
        };
        self.overflowed.fetch_add(1, Ordering::Relaxed);
        let refused = Err(Refusal::Until(full.frees_in));
        match self.when_full {
            // It has a bucket for as long as there are lines: it is never given to one key.
            WhenFull::SharedBucket => decide(full.overflow).unwrap_or(refused),
            WhenFull::Deny => refused,
        }
    }
}

impl Inspect for State {
    fn kind(&self) -> &'static str {
        "keyed_rate_limiter"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let denied = self.denied.load(Ordering::Relaxed);
        let overflowed = self.overflowed.load(Ordering::Relaxed);
        let live = u32::try_from(self.lines.live(self.clock.now())).unwrap_or(u32::MAX);
        Snapshot::new()
            .with(Metric::counter(
                "keyed_rate_limiter.denied",
                "requests refused",
                denied,
            ))
            .with(Metric::counter(
                "keyed_rate_limiter.overflowed",
                "requests without a place",
                overflowed,
            ))
            .with(Metric::gauge(
                "keyed_rate_limiter.live_keys",
                "keys not as new",
                f64::from(live),
            ))
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
        f.debug_struct("KeyedRateLimiter")
            .field("name", &self.state.name)
            .field("quota", &self.state.quota)
            .field("capacity", &self.state.lines.capacity())
            .finish_non_exhaustive()
    }
}
