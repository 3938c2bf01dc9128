//! The service: no policy inside.

use std::task::{Context, Poll};

use ovasabi_core::body::{AtHead, Hold};
use ovasabi_core::classify::{Classify, HttpClassify, ReadRequest};
use ovasabi_core::reject::{AsError, Reject};
use tower_service::Service;

use super::QueuedFuture;
use crate::concurrency::ConcurrencyLimitLayer;
use crate::concurrency::permit::Held;

/// Lets calls wait for a slot; made by [`ConcurrencyQueueLayer`](super::ConcurrencyQueueLayer).
#[derive(Clone, Debug)]
pub struct ConcurrencyQueueService<S, C = HttpClassify, R = AsError, H = AtHead> {
    inner: S,
    layer: ConcurrencyLimitLayer<C, R, H>,
}

impl<S, C, R, H> ConcurrencyQueueService<S, C, R, H> {
    pub(super) fn new(inner: S, layer: ConcurrencyLimitLayer<C, R, H>) -> Self {
        Self { inner, layer }
    }
}

impl<S, Req, C, R, H> Service<Req> for ConcurrencyQueueService<S, C, R, H>
where
    S: Service<Req> + Clone,
    C: ReadRequest<Req> + Classify<S::Response, S::Error> + Clone,
    R: Reject<S::Response, S::Error> + Clone,
    H: Hold<S::Response, Held, C::End> + Clone,
{
    type Response = H::Response;
    type Error = S::Error;
    type Future = QueuedFuture<S, Req, C, R, H>;

    /// Always ready: a call waits in its future, for its slot and for the service inside.
    #[inline]
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        let layer = &self.layer;
        let facts = layer.classify.facts(&request);
        let acquire = layer
            .limiter
            .acquire()
            .priority(facts.priority())
            .deadline(facts.deadline());
        QueuedFuture::new(self.inner.clone(), request, acquire, facts, layer)
    }
}
