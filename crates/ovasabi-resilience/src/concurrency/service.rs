//! The service: no policy inside.

use std::mem;
use std::task::{Context, Poll};

use ovasabi_core::body::{AtHead, Hold};
use ovasabi_core::classify::{Classify, HttpClassify, ReadRequest};
use ovasabi_core::reject::{AsError, Reject};
use tower_service::Service;

use super::ConcurrencyLimitLayer;
use super::future::ResponseFuture;
use super::permit::Held;

/// Refuses calls while all slots are taken; made by [`ConcurrencyLimitLayer`].
///
/// While it refuses, it is ready at once and does not ask the service inside, which may be stuck; the call that
/// follows is refused.
#[derive(Debug)]
pub struct ConcurrencyLimitService<S, C = HttpClassify, R = AsError, H = AtHead> {
    inner: S,
    layer: ConcurrencyLimitLayer<C, R, H>,
    /// `inner` was not asked whether it is ready, because the next call was to be refused.
    skipped: bool,
}

impl<S, C, R, H> ConcurrencyLimitService<S, C, R, H> {
    pub(super) fn new(inner: S, layer: ConcurrencyLimitLayer<C, R, H>) -> Self {
        Self {
            inner,
            layer,
            skipped: false,
        }
    }
}

impl<S, Req, C, R, H> Service<Req> for ConcurrencyLimitService<S, C, R, H>
where
    S: Service<Req>,
    C: ReadRequest<Req> + Classify<S::Response, S::Error> + Clone,
    R: Reject<S::Response, S::Error> + Clone,
    H: Hold<S::Response, Held, C::End> + Clone,
{
    type Response = H::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, C, R, H>;

    /// Takes no slot: a service that is ready and then dropped, or kept, costs nothing.
    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.skipped = self.layer.limiter.is_full();
        if self.skipped {
            Poll::Ready(Ok(()))
        } else {
            self.inner.poll_ready(cx)
        }
    }

    // Always: a function apart would write the future word by word and have it read back in wider pieces, for which
    // a processor waits longer than for all the rest of a call.
    #[inline(always)]
    fn call(&mut self, request: Req) -> Self::Future {
        let layer = &self.layer;
        let facts = layer.classify.facts(&request);
        // Copied first: foreign code may panic, and nothing is taken yet.
        let (classify, hold) = (layer.classify.clone(), layer.hold.clone());
        let admitted = if mem::take(&mut self.skipped) {
            Err(layer.limiter.refuse())
        } else {
            layer.limiter.hold(facts.priority())
        };
        match admitted {
            Ok(held) => {
                let inner = &mut self.inner;
                ResponseFuture::admitted(held, || inner.call(request), facts, classify, hold)
            }
            Err(rejection) => ResponseFuture::refused(rejection, facts, layer.reject.clone(), hold),
        }
    }
}

/// Not derived: a clone of a service that was skipped has been asked nothing, and must not refuse for it.
impl<S: Clone, C: Clone, R: Clone, H: Clone> Clone for ConcurrencyLimitService<S, C, R, H> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.layer.clone())
    }
}
