//! What a layer asks about a request.

use std::fmt;
use std::time::Duration;

use ovasabi_core::classify::Facts;
use ovasabi_core::reject::Name;

use super::acquire::Acquire;
use super::key::RequestKey;
use super::turn::{Outcome, Patience};
use super::{KeyedRateLimiter, RateLimiter};

/// What decides about a request: a [`RateLimiter`], or a [`Keyed`] one. Sealed.
pub trait Gate<Req>: sealed::Gate<Req> {}

mod sealed {
    use super::{Acquire, Duration, Facts, Name, Outcome};

    #[expect(unnameable_types, reason = "sealed: nobody else implements it")]
    pub trait Gate<Req> {
        fn name(&self) -> &Name;

        /// Takes the cost of `request` from the quota that it falls under.
        fn check(&self, request: &Req, facts: &Facts) -> Outcome;

        /// The same, waiting for its turn.
        fn wait(&self, request: &Req, facts: &Facts, max_wait: Duration) -> Acquire;
    }
}

impl<Req, G: sealed::Gate<Req>> Gate<Req> for G {}

impl<Req> sealed::Gate<Req> for RateLimiter {
    fn name(&self) -> &Name {
        self.name()
    }

    #[inline(always)]
    fn check(&self, _request: &Req, facts: &Facts) -> Outcome {
        match self.enter(facts.cost(), self.clock().now()) {
            Ok(standing) => Ok(Some(standing)),
            Err(refused) => Err((self.refuse(refused), Some(refused.standing))),
        }
    }

    fn wait(&self, _request: &Req, facts: &Facts, max_wait: Duration) -> Acquire {
        self.wait(facts.cost(), patience(facts, max_wait))
    }
}

/// A limiter with the function that finds its keys.
pub struct Keyed<K: ?Sized, F> {
    limiter: KeyedRateLimiter<K>,
    key: F,
    when_missing: WhenMissing,
}

/// What becomes of a request that has no key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenMissing {
    /// All requests without a key share one bucket, of the same quota: the default.
    #[default]
    SharedBucket,
    /// It is not limited here: for what another layer limits or refuses.
    Exempt,
}

impl<K: ?Sized, F> Keyed<K, F> {
    pub(super) fn new(limiter: KeyedRateLimiter<K>, key: F) -> Self {
        Self {
            limiter,
            key,
            when_missing: WhenMissing::default(),
        }
    }

    pub(super) fn when_missing(mut self, when_missing: WhenMissing) -> Self {
        self.when_missing = when_missing;
        self
    }

    /// `None` when the request is exempt.
    #[inline(always)]
    fn fingerprint<Req>(&self, request: &Req) -> Option<u64>
    where
        F: RequestKey<Req>,
    {
        match (
            self.limiter.fingerprint_of(request, &self.key),
            self.when_missing,
        ) {
            (Some(fingerprint), _) => Some(fingerprint),
            (None, WhenMissing::SharedBucket) => Some(self.limiter.keyless()),
            (None, WhenMissing::Exempt) => None,
        }
    }
}

impl<Req, K: ?Sized, F: RequestKey<Req, Key = K>> sealed::Gate<Req> for Keyed<K, F> {
    fn name(&self) -> &Name {
        self.limiter.name()
    }

    #[inline(always)]
    fn check(&self, request: &Req, facts: &Facts) -> Outcome {
        let Some(fingerprint) = self.fingerprint(request) else {
            return Ok(None);
        };
        let limiter = &self.limiter;
        match limiter.enter(fingerprint, facts.cost(), limiter.clock().now()) {
            Ok(standing) => Ok(Some(standing)),
            Err(refused) => Err((limiter.refuse(refused), Some(refused.standing))),
        }
    }

    fn wait(&self, request: &Req, facts: &Facts, max_wait: Duration) -> Acquire {
        match self.fingerprint(request) {
            Some(fingerprint) => {
                let patience = patience(facts, max_wait);
                self.limiter.wait(fingerprint, facts.cost(), patience)
            }
            None => Acquire::decided(Ok(None)),
        }
    }
}

fn patience(facts: &Facts, max_wait: Duration) -> Patience {
    Patience {
        max_wait,
        deadline: facts.deadline(),
    }
}

// Written by hand: derives would ask for `K: Clone` and `F: Debug`.
impl<K: ?Sized, F: Clone> Clone for Keyed<K, F> {
    fn clone(&self) -> Self {
        Self {
            limiter: self.limiter.clone(),
            key: self.key.clone(),
            when_missing: self.when_missing,
        }
    }
}

impl<K: ?Sized, F> fmt::Debug for Keyed<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed")
            .field("limiter", &self.limiter)
            .field("when_missing", &self.when_missing)
            .finish_non_exhaustive()
    }
}
