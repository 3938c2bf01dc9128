//! The service.

use std::fmt;
use std::hash::Hash;
use std::task::{Context, Poll};

use ovasabi_core::Rejection;
use ovasabi_core::admit::Admit;
use ovasabi_core::classify::{Facts, ReadRequest};
use ovasabi_core::reject::Reject;
use tower_service::Service;

use super::future::ResponseFuture;
use super::{KeyedRateLimiter, RateLimiter};

/// Refuses requests beyond the quota; see the [module](super).
#[derive(Clone, Copy, Debug)]
pub struct RateLimitService<S, G, C, R> {
    inner: S,
    gate: G,
    classify: C,
    reject: R,
}

impl<S, G, C, R> RateLimitService<S, G, C, R> {
    pub(super) fn new(inner: S, gate: G, classify: C, reject: R) -> Self {
        Self {
            inner,
            gate,
            classify,
            reject,
        }
    }
}

impl<S, Req, G, C, R> Service<Req> for RateLimitService<S, G, C, R>
where
    S: Service<Req>,
    G: Gate<Req>,
    C: ReadRequest<Req>,
    R: Reject<S::Response, S::Error>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, S::Response, S::Error>;

    /// Takes nothing from the quota: a service that is ready and then dropped costs nothing.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let facts = self.classify.facts(&request);
        match self.gate.check(&request, &facts) {
            Ok(()) => ResponseFuture::admitted(self.inner.call(request)),
            Err(rejection) => ResponseFuture::refused(self.reject.reject(&facts, rejection)),
        }
    }
}

/// What decides about a request: a [`RateLimiter`], a [`Keyed`] one, or something of your own.
pub trait Gate<Req> {
    /// Takes the cost of `request` from the quota that it falls under.
    ///
    /// # Errors
    /// The [`Rejection`], when the quota does not have it.
    fn check(&self, request: &Req, facts: &Facts) -> Result<(), Rejection>;
}

impl<Req> Gate<Req> for RateLimiter {
    fn check(&self, _request: &Req, facts: &Facts) -> Result<(), Rejection> {
        self.admit(&(), facts.cost(), self.clock().now())
    }
}

/// A limiter with the function that finds its keys.
pub struct Keyed<K: ?Sized, F> {
    limiter: KeyedRateLimiter<K>,
    key: F,
}

impl<K: ?Sized, F> Keyed<K, F> {
    pub(super) fn new(limiter: KeyedRateLimiter<K>, key: F) -> Self {
        Self { limiter, key }
    }
}

impl<Req, K: Hash, F: Fn(&Req) -> K> Gate<Req> for Keyed<K, F> {
    fn check(&self, request: &Req, facts: &Facts) -> Result<(), Rejection> {
        self.limiter.admit(
            &(self.key)(request),
            facts.cost(),
            self.limiter.clock().now(),
        )
    }
}

// Written by hand: derives would ask for `K: Clone` and `F: Debug`.
impl<K: ?Sized, F: Clone> Clone for Keyed<K, F> {
    fn clone(&self) -> Self {
        Self {
            limiter: self.limiter.clone(),
            key: self.key.clone(),
        }
    }
}

impl<K: ?Sized, F> fmt::Debug for Keyed<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keyed").field(&self.limiter).finish()
    }
}
