//! Building limiters.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;

use ovasabi_core::inspect::Registry;
use ovasabi_core::reject::Name;
use ovasabi_core::time::Clock;

use super::shared::Core;
use super::{KeyedRateLimiter, Quota, RateLimiter, WhenFull};
use crate::config::{Check, ConfigError, join};

/// Collects what a [`RateLimiter`] needs; made by [`RateLimiter::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct RateLimiterBuilder {
    pub(super) name: Name,
    pub(super) quota: Quota,
    pub(super) max_waiting: u32,
    clock: Clock,
    registry: Option<Registry>,
}

/// Collects what a [`KeyedRateLimiter`] needs; made by [`KeyedRateLimiter::builder`].
#[must_use]
pub struct KeyedRateLimiterBuilder<K: ?Sized> {
    pub(super) base: RateLimiterBuilder,
    pub(super) capacity: NonZeroUsize,
    pub(super) when_full: WhenFull,
    key: PhantomData<fn(&K)>,
}

/// 2³⁰ keys take 30 GiB: whoever asks for more has lost a digit.
const MAX_CAPACITY: usize = 1 << 30;

/// 65,536 keys take 2 MiB.
const DEFAULT_CAPACITY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(65_535);

/// How many may wait at once.
pub(super) const MAX_WAITING: RangeInclusive<u32> = 0..=65_536;

const DEFAULT_MAX_WAITING: u32 = 1_024;

impl RateLimiterBuilder {
    pub(super) fn new(name: Name, quota: Quota) -> Self {
        Self {
            name,
            quota,
            max_waiting: DEFAULT_MAX_WAITING,
            clock: Clock::system(),
            registry: None,
        }
    }

    /// How many may wait at once, 0 to 65,536; default 1,024. Each takes some 40 bytes while it waits.
    pub fn max_waiting(mut self, requests: u32) -> Self {
        self.max_waiting = requests;
        self
    }

    /// What it reads the time from; default the system clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Joins a registry, to be looked into and steered (`set_quota`, `set_max_waiting`).
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Builds the limiter, its bucket full.
    ///
    /// # Errors
    /// [`ConfigError`] when a knob is out of range, or the registry knows a living rate limiter of this name.
    pub fn build(self) -> Result<RateLimiter, ConfigError> {
        self.check()?;
        let registry = self.registry.clone();
        let limiter = RateLimiter::new(self);
        join(registry.as_ref(), limiter.shared())?;
        Ok(limiter)
    }

    /// # Errors
    /// All knobs that are out of range.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let mut check = Check::default();
        self.look(&mut check);
        check.finish(super::handle::KIND, &self.name)
    }

    pub(super) fn core(self) -> Core {
        Core::new(self.name, self.clock, self.quota, self.max_waiting)
    }

    fn look(&self, check: &mut Check) {
        check.range("max_waiting", self.max_waiting, MAX_WAITING);
    }
}

impl<K: Hash + ?Sized> KeyedRateLimiterBuilder<K> {
    pub(super) fn new(name: Name, quota: Quota) -> Self {
        Self {
            base: RateLimiterBuilder::new(name, quota),
            capacity: DEFAULT_CAPACITY,
            when_full: WhenFull::default(),
            key: PhantomData,
        }
    }

    /// How many keys may wait at once, over all keys, 0 to 65,536; default 1,024. Each takes some 40 bytes
    /// while it waits.
    pub fn max_waiting(mut self, requests: u32) -> Self {
        self.base = self.base.max_waiting(requests);
        self
    }

    /// What it reads the time from; default the system clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.base = self.base.clock(clock);
        self
    }

    /// How many live keys it tells apart at once, 1 to 2³⁰; default 65,536. Cannot be changed later.
    ///
    /// So many keys, all of them live, fill four sevenths of the places: at least 99 in 100 of them have one
    /// (99.8 of 100 among a million), and the rest is dealt with by [`Self::when_full`]. Memory is taken from
    /// the start: 30 bytes a key, and up to 8 KiB.
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

    /// Joins a registry, to be looked into and steered (`set_quota`, `set_max_waiting`).
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.base = self.base.inspect(registry);
        self
    }

    /// Builds the limiter, all buckets full.
    ///
    /// # Errors
    /// [`ConfigError`] when a knob is out of range, or the registry knows a living limiter of this name.
    pub fn build(self) -> Result<KeyedRateLimiter<K>, ConfigError> {
        self.check(None)?;
        let registry = self.base.registry.clone();
        let limiter = KeyedRateLimiter::new(self);
        join(registry.as_ref(), limiter.shared())?;
        Ok(limiter)
    }

    /// # Errors
    /// All knobs that are out of range, or cannot be changed any more when the capacity is `built`.
    pub(super) fn check(&self, built: Option<usize>) -> Result<(), ConfigError> {
        let mut check = Check::default();
        self.base.look(&mut check);
        let capacity = self.capacity.get();
        match built {
            Some(built) if built != capacity => {
                let allowed = format!("{built}, as it was built with: places cannot be added");
                check.problem("capacity", capacity, allowed);
            }
            Some(_) => {}
            None => check.range("capacity", capacity, 1..=MAX_CAPACITY),
        }
        check.finish(super::keyed::KIND, &self.base.name)
    }
}

// By hand: derives would ask for `K: Clone` and `K: Debug`.
impl<K: ?Sized> Clone for KeyedRateLimiterBuilder<K> {
    fn clone(&self) -> Self {
        Self {
            base: self.base.clone(),
            ..*self
        }
    }
}

impl<K: ?Sized> fmt::Debug for KeyedRateLimiterBuilder<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedRateLimiterBuilder")
            .field("base", &self.base)
            .field("capacity", &self.capacity)
            .field("when_full", &self.when_full)
            .finish()
    }
}
