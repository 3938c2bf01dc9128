//! The service.

use std::task::{Context, Poll};

use ovasabi_core::classify::{Classify, ReadRequest};
use tower_service::Service;

use super::future::ResponseFuture;
use super::{Replay, RetryLayer};

/// Tries calls again; see the [module](super).
#[derive(Clone, Debug)]
pub struct RetryService<S, C, P> {
    inner: S,
    layer: RetryLayer<C, P>,
}

impl<S, C, P> RetryService<S, C, P> {
    pub(super) fn new(inner: S, layer: RetryLayer<C, P>) -> Self {
        Self { inner, layer }
    }
}

impl<S, Req, C, P> Service<Req> for RetryService<S, C, P>
where
    S: Service<Req> + Clone,
    C: ReadRequest<Req> + Classify<S::Response, S::Error> + Clone,
    P: Replay<Req> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, Req, C, P>;

    /// Always ready: each attempt waits for a clone of the service inside to be ready, in the future.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let facts = self.layer.classify.facts(&request);
        self.layer.shared.budget.deposit();
        ResponseFuture::new(self.inner.clone(), self.layer.clone(), facts, request)
    }
}
