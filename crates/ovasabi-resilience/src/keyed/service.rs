//! The service that finds a breaker by key.

use std::fmt;
use std::task::{Context, Poll};

use ovasabi_core::body::{AtHead, Hold};
use ovasabi_core::classify::{Classify, HttpClassify, ReadRequest};
use ovasabi_core::reject::{AsError, Reject};
use tower_service::Service;

use super::{Key, KeyedCircuitBreakerLayer};
use crate::breaker::future::{Held, ResponseFuture};

/// A service behind a [`KeyedCircuitBreaker`](super::KeyedCircuitBreaker).
///
/// Whether a call is refused depends on its request, so readiness is that of the service inside.
#[derive(Clone)]
pub struct KeyedCircuitBreakerService<S, K: Key, F, C = HttpClassify, R = AsError, H = AtHead> {
    inner: S,
    layer: KeyedCircuitBreakerLayer<K, F, C, R, H>,
}

impl<S, K: Key, F, C, R, H> KeyedCircuitBreakerService<S, K, F, C, R, H> {
    pub(super) fn new(inner: S, layer: KeyedCircuitBreakerLayer<K, F, C, R, H>) -> Self {
        Self { inner, layer }
    }

    /// The service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service inside.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service inside, without its breakers.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, Req, K, F, C, R, H> Service<Req> for KeyedCircuitBreakerService<S, K, F, C, R, H>
where
    S: Service<Req>,
    K: Key,
    F: Fn(&Req) -> K,
    C: ReadRequest<Req> + Classify<S::Response, S::Error> + Clone,
    R: Reject<S::Response, S::Error> + Clone,
    H: Hold<S::Response, Held, C::End> + Clone,
{
    type Response = H::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, C, R, H>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let (breakers, key, classifier, rejecter, hold) = self.layer.parts();
        let facts = classifier.facts(&request);
        // Copied first: foreign code may panic, and nothing is taken yet.
        let (classifier, hold) = (classifier.clone(), hold.clone());
        match breakers.get(&key(&request)).enter_held() {
            Ok(held) => {
                let inner = &mut self.inner;
                ResponseFuture::admitted(held, || inner.call(request), facts, classifier, hold)
            }
            Err(rejection) => ResponseFuture::refused(rejection, facts, rejecter.clone(), hold),
        }
    }
}

impl<S: fmt::Debug, K: Key, F, C, R, H> fmt::Debug
    for KeyedCircuitBreakerService<S, K, F, C, R, H>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedCircuitBreakerService")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}
