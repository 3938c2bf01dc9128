//! What admits the requests of a stack: a quota, or a load shedder.

use std::fmt;
use std::hash::Hash;

use ovasabi_core::Rejection;
use ovasabi_core::admit::Admit;
use ovasabi_core::classify::Facts;
use ovasabi_core::time::Tick;

use crate::rate_limit::{KeyedRateLimiter, RateLimiter};
use crate::shed::{LoadShed, load};

/// What stands at the entrance of a run of parts: it may hold something of a request until that has ended.
pub trait Entrance {
    /// What a request holds of it.
    type Ticket: Copy + fmt::Debug;

    /// The refusal of a request for which [`is_shut`](Self::is_shut) has answered, whatever has happened since;
    /// `None` from who is never shut.
    fn refuse(&self, facts: &Facts) -> Option<Rejection> {
        let _ = facts;
        None
    }

    /// Whether every request would be refused now: asked before there is one.
    #[inline]
    fn is_shut(&self) -> bool {
        false
    }

    /// A request has ended. Default: nothing is to be done.
    #[inline]
    fn leave(&self, ticket: Self::Ticket) {
        let _ = ticket;
    }
}

/// What admits the requests of a run, before all other parts: a [`RateLimiter`] or a [`ByKey`], which take their
/// cost from a quota, or a [`LoadShed`].
pub trait Gate<Req>: Entrance {
    /// Admits `request`, at a time of the stack's clock.
    ///
    /// # Errors
    /// The [`Rejection`].
    fn take(&self, request: &Req, facts: &Facts, now: Tick) -> Result<Self::Ticket, Rejection>;
}

impl Entrance for RateLimiter {
    type Ticket = ();
}

impl<Req> Gate<Req> for RateLimiter {
    #[inline]
    fn take(&self, _request: &Req, facts: &Facts, now: Tick) -> Result<(), Rejection> {
        self.admit(&(), facts.cost(), now)
    }
}

impl Entrance for LoadShed {
    type Ticket = load::Ticket;

    #[cold]
    fn refuse(&self, facts: &Facts) -> Option<Rejection> {
        Some(self.refuse(facts.priority()))
    }

    #[inline]
    fn is_shut(&self) -> bool {
        self.refuses_all()
    }

    #[inline]
    fn leave(&self, ticket: load::Ticket) {
        self.leave(ticket);
    }
}

impl<Req> Gate<Req> for LoadShed {
    #[inline]
    fn take(&self, _request: &Req, facts: &Facts, now: Tick) -> Result<load::Ticket, Rejection> {
        self.enter(facts.priority(), || now)
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

impl<K: ?Sized, F> Entrance for ByKey<K, F> {
    type Ticket = ();
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
