//! Building limiters.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::num::NonZeroUsize;

use ovasabi_core::inspect::Registry;
use ovasabi_core::reject::Name;
use ovasabi_core::time::Clock;

use super::{KeyedRateLimiter, Quota, RateLimiter, WhenFull};
use crate::config::{Check, ConfigError, join};

/// Collects what a [`RateLimiter`] needs; made by [`RateLimiter::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct RateLimiterBuilder {
    pub(super) name: Name,
    pub(super) quota: Quota,
    pub(super) clock: Clock,
    registry: Option<Registry>,
}

/// Collects what a [`KeyedRateLimiter`] needs; made by [`KeyedRateLimiter::builder`].
#[must_use]
pub struct KeyedRateLimiterBuilder<K: ?Sized> {
    pub(super) name: Name,
    pub(super) quota: Quota,
    pub(super) clock: Clock,
    pub(super) capacity: NonZeroUsize,
    pub(super) when_full: WhenFull,
    registry: Option<Registry>,
    key: PhantomData<fn(&K)>,
}

/// 2³⁰ keys take 18 GiB: whoever asks for more has lost a digit.
const MAX_CAPACITY: usize = 1 << 30;

/// 65,536 keys take 1.1 MiB.
const DEFAULT_CAPACITY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(65_535);

impl RateLimiterBuilder {
    pub(super) fn new(name: Name, quota: Quota) -> Self {
        Self {
            name,
            quota,
            clock: Clock::system(),
            registry: None,
        }
    }

    /// What it reads the time from; default the system clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Joins a registry, to be looked into.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Builds the limiter, its bucket full.
    ///
    /// # Errors
    /// [`ConfigError`] when the registry knows a living rate limiter of this name.
    pub fn build(self) -> Result<RateLimiter, ConfigError> {
        let registry = self.registry.clone();
        let limiter = RateLimiter::new(self);
        join(registry.as_ref(), limiter.shared())?;
        Ok(limiter)
    }
}

impl<K: Hash + ?Sized> KeyedRateLimiterBuilder<K> {
    pub(super) fn new(name: Name, quota: Quota) -> Self {
        Self {
            name,
            quota,
            clock: Clock::system(),
            capacity: DEFAULT_CAPACITY,
            when_full: WhenFull::default(),
            registry: None,
            key: PhantomData,
        }
    }

    /// What it reads the time from; default the system clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How many keys it tells apart at once, 1 to 2³⁰, rounded up to eight times a power of two; default
    /// 65,536. Each takes 18 bytes, from the start.
    pub fn capacity(mut self, keys: NonZeroUsize) -> Self {
        self.capacity = keys;
        self
    }

    /// What happens to a new key whose places are all taken by live ones; default
    /// [`WhenFull::SharedBucket`].
    pub fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// Joins a registry, to be looked into.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Builds the limiter, all buckets full.
    ///
    /// # Errors
    /// [`ConfigError`] when the capacity is out of range, or the registry knows a living limiter of this
    /// name.
    pub fn build(self) -> Result<KeyedRateLimiter<K>, ConfigError> {
        let mut check = Check::default();
        check.range("capacity", self.capacity.get(), 1..=MAX_CAPACITY);
        check.finish("keyed_rate_limiter", &self.name)?;
        let registry = self.registry.clone();
        let limiter = KeyedRateLimiter::new(self);
        join(registry.as_ref(), limiter.shared())?;
        Ok(limiter)
    }
}

// By hand: derives would ask for `K: Clone` and `K: Debug`.
impl<K: ?Sized> Clone for KeyedRateLimiterBuilder<K> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            clock: self.clock.clone(),
            registry: self.registry.clone(),
            ..*self
        }
    }
}

impl<K: ?Sized> fmt::Debug for KeyedRateLimiterBuilder<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedRateLimiterBuilder")
            .field("name", &self.name)
            .field("quota", &self.quota)
            .field("capacity", &self.capacity)
            .field("when_full", &self.when_full)
            .finish_non_exhaustive()
    }
}
