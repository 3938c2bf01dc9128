//! The service of a client stack.

use std::sync::Arc;
use std::task::{Context, Poll};

use ovasabi_core::body::{AtHead, Hold};
use ovasabi_core::classify::{Classify, HttpClassify, ReadRequest};
use ovasabi_core::reject::{AsError, Reject};
use tower_service::Service;

use super::super::call::CallFuture;
use super::super::guard::Held;
use super::ClientLayer;
use crate::rate_limit::RateLimiter;
use crate::retry::{ByClone, Replay};

/// A service behind a [`ClientStack`](super::ClientStack): all its parts in one.
///
/// Its error type is that of the service inside. It is always ready: each attempt waits, in the future, for a
/// clone of the service inside. A call is admitted, and its time begins, when that future is first polled.
#[derive(Clone, Debug)]
pub struct ClientService<S, C = HttpClassify, P = ByClone, R = AsError, H = AtHead> {
    inner: S,
    layer: ClientLayer<C, P, R, H>,
}

impl<S, C, P, R, H> ClientService<S, C, P, R, H> {
    pub(super) fn new(inner: S, layer: ClientLayer<C, P, R, H>) -> Self {
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

    /// The service inside, without the stack.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, Req, C, P, R, H> Service<Req> for ClientService<S, C, P, R, H>
where
    S: Service<P::Request> + Clone,
    C: ReadRequest<Req> + Classify<S::Response, S::Error> + Clone,
    P: Replay<Req> + Clone,
    R: Reject<S::Response, S::Error> + Clone,
    H: Hold<S::Response, Held<RateLimiter>, C::End> + Clone,
{
    type Response = H::Response;
    type Error = S::Error;
    type Future = CallFuture<S, Req, C, P, R, H, RateLimiter>;

    #[inline]
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        let layer = &self.layer;
        let facts = layer.classifier.facts(&request);
        CallFuture::new(
            self.inner.clone(),
            Arc::clone(layer.stack.run()),
            (facts, request),
            layer.replay.clone(),
            (
                layer.classifier.clone(),
                layer.rejecter.clone(),
                layer.hold.clone(),
            ),
        )
    }
}
