//! The service.

use std::task::{Context, Poll};

use ovasabi_core::body::Hold;
use ovasabi_core::classify::{Classify, ReadRequest};
use ovasabi_core::reject::Reject;
use tower_service::Service;

use super::future::ResponseFuture;
use super::{ConcurrencyLimitLayer, Permit};

/// Refuses calls while all slots are taken; see the [module](super).
#[derive(Clone, Debug)]
pub struct ConcurrencyLimitService<S, C, R, H> {
    inner: S,
    layer: ConcurrencyLimitLayer<C, R, H>,
}

impl<S, C, R, H> ConcurrencyLimitService<S, C, R, H> {
    pub(super) fn new(inner: S, layer: ConcurrencyLimitLayer<C, R, H>) -> Self {
        Self { inner, layer }
    }
}

impl<S, Req, C, R, H> Service<Req> for ConcurrencyLimitService<S, C, R, H>
where
    S: Service<Req>,
    C: ReadRequest<Req> + Classify<S::Response, S::Error> + Clone,
    H: Hold<S::Response, Permit, C::End> + Clone,
    R: Reject<H::Response, S::Error>,
{
    type Response = H::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, H::Response, S::Error, C, H>;

    /// Takes no slot: a service that is ready and then dropped, or kept, costs nothing.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let layer = &self.layer;
        let facts = layer.classify.facts(&request);
        match layer.limiter.try_acquire() {
            Ok(permit) => {
                let inner = self.inner.call(request);
                ResponseFuture::admitted(
                    inner,
                    permit,
                    facts,
                    layer.classify.clone(),
                    layer.hold.clone(),
                )
            }
            Err(rejection) => ResponseFuture::refused(layer.reject.reject(&facts, rejection)),
        }
    }
}
