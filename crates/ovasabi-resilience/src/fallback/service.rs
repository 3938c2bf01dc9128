//! The service: no policy inside.

use std::fmt;
use std::task::{Context, Poll};

use ovasabi_core::classify::{Classify, ReadRequest};
use tower_service::Service;

use super::answer::Answer;
use super::attach::Attach;
use super::degraded::Mark;
use super::future::ResponseFuture;
use super::keep::Keep;
use super::{Fallback, FallbackLayer};

/// A service with a fallback; made by [`FallbackLayer`].
///
/// It is ready when the service inside is, and an error of its readiness is passed on: a service that can no longer
/// be asked has to be replaced.
pub struct FallbackService<S, A: 'static, K, C, M, B> {
    inner: S,
    layer: FallbackLayer<A, K, C, M, B>,
}

impl<S, A, K, C, M, B> FallbackService<S, A, K, C, M, B> {
    pub(super) fn new(inner: S, layer: FallbackLayer<A, K, C, M, B>) -> Self {
        Self { inner, layer }
    }

    /// The handle.
    pub fn fallback(&self) -> &Fallback {
        self.layer.fallback()
    }

    /// The service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service inside.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service inside, without its fallback.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, Req, A, K, C, M, B> Service<Req> for FallbackService<S, A, K, C, M, B>
where
    S: Service<Req>,
    S::Error: fmt::Display,
    A: Answer<K::Kept, S::Response, S::Error>,
    K: Keep<Req>,
    C: ReadRequest<Req> + Classify<S::Response, S::Error> + Clone,
    M: Mark<S::Response> + Clone,
    B: Attach<S::Error> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, A, A::Future, K::Kept, C, M, B, S::Response, S::Error>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        let layer = &self.layer;
        let facts = layer.classifier.facts(&request);
        let kept = layer.keep.keep(&request);
        ResponseFuture::new(
            self.inner.call(request),
            kept,
            facts,
            layer.shared.clone(),
            layer.classifier.clone(),
            layer.mark.clone(),
            layer.attach.clone(),
        )
    }
}

/// Not derived, which would want `A: Clone`.
impl<S: Clone, A, K: Clone, C: Clone, M: Clone, B: Clone> Clone
    for FallbackService<S, A, K, C, M, B>
{
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.layer.clone())
    }
}

impl<S: fmt::Debug, A, K, C, M, B> fmt::Debug for FallbackService<S, A, K, C, M, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FallbackService")
            .field("inner", &self.inner)
            .field("fallback", self.fallback())
            .finish_non_exhaustive()
    }
}
