//! The service.

use std::task::{Context, Poll};

use ovasabi_core::classify::{Classify, HttpClassify, ReadRequest};
use ovasabi_core::reject::{AsError, Reject};
use tower_service::Service;

use super::future::ResponseFuture;
use super::{ByClone, Replay, RetryLayer};

/// A service whose calls are tried again; made by [`RetryLayer`].
///
/// Its error type is that of the service inside. It is always ready: each attempt waits, in the future, for a
/// clone of the service inside.
#[derive(Clone, Debug)]
pub struct RetryService<S, C = HttpClassify, P = ByClone, R = AsError> {
    inner: S,
    layer: RetryLayer<C, P, R>,
}

impl<S, C, P, R> RetryService<S, C, P, R> {
    pub(super) fn new(inner: S, layer: RetryLayer<C, P, R>) -> Self {
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

    /// The service inside, without its retries.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, Req, C, P, R> Service<Req> for RetryService<S, C, P, R>
where
    S: Service<P::Request> + Clone,
    C: ReadRequest<Req> + Classify<S::Response, S::Error> + Clone,
    P: Replay<Req> + Clone,
    R: Reject<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, Req, C, P, R>;

    #[inline]
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    // Always: as a function apart it would return the future through memory.
    #[inline(always)]
    fn call(&mut self, request: Req) -> Self::Future {
        let facts = self.layer.classifier().facts(&request);
        ResponseFuture::new(self.inner.clone(), self.layer.clone(), facts, request)
    }
}
