//! The rate limit of a stack.

use std::fmt;
use std::hash::Hash;

use ovasabi_core::Rejection;
use ovasabi_core::admit::Admit;
use ovasabi_core::classify::Facts;
use ovasabi_core::time::Tick;

use crate::rate_limit::{KeyedRateLimiter, RateLimiter};

/// What takes the cost of a request from a quota: a [`RateLimiter`], or a [`ByKey`].
pub trait Gate<Req> {
    /// Takes the cost of `request`, at a time of the stack's clock.
    ///
    /// # Errors
    /// The [`Rejection`], when the quota does not have it.
    fn take(&self, request: &Req, facts: &Facts, now: Tick) -> Result<(), Rejection>;
}

impl<Req> Gate<Req> for RateLimiter {
    #[inline]
    fn take(&self, _request: &Req, facts: &Facts, now: Tick) -> Result<(), Rejection> {
        self.admit(&(), facts.cost(), now)
    }
}

/// A quota for each key, with the function that finds the key of a request.
pub struct ByKey<K: ?Sized, F> {
    limiter: KeyedRateLimiter<K>,
    key: F,
}

impl<K: ?Sized, F> ByKey<K, F> {
    pub(super) fn new(limiter: KeyedRateLimiter<K>, key: F) -> Self {
        Self { limiter, key }
    }

    /// The limiter.
    pub fn limiter(&self) -> &KeyedRateLimiter<K> {
        &self.limiter
    }
}

impl<Req, K: Hash, F: Fn(&Req) -> K> Gate<Req> for ByKey<K, F> {
    #[inline]
    fn take(&self, request: &Req, facts: &Facts, now: Tick) -> Result<(), Rejection> {
        self.limiter.admit(&(self.key)(request), facts.cost(), now)
    }
}

impl<K: ?Sized, F> fmt::Debug for ByKey<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ByKey").field(&self.limiter).finish()
    }
}

/// The rate limit of a run that has none.
#[derive(Clone, Copy, Debug)]
pub struct NoRateLimit(());

impl<Req> Gate<Req> for NoRateLimit {
    #[inline]
    fn take(&self, _request: &Req, _facts: &Facts, _now: Tick) -> Result<(), Rejection> {
        Ok(())
    }
}
