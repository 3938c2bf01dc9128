//! The service.

use std::task::{Context, Poll};

use ovasabi_core::Rejection;
use ovasabi_core::classify::{Facts, HttpClassify, ReadRequest};
use ovasabi_core::reject::{AsError, Reject};
use tower_service::Service;

use super::future::{ResponseFuture, WaitingFuture};
use super::gate::Gate;
use super::headers::WriteHeaders;
use super::layer::{AtOnce, InTurn};
use super::{NoHeaders, RateLimitLayer, Standing};

/// Refuses requests beyond the quota, or lets them wait; made by [`RateLimitLayer`].
#[derive(Clone, Copy, Debug)]
pub struct RateLimitService<S, G, C = HttpClassify, R = AsError, M = AtOnce, H = NoHeaders> {
    inner: S,
    layer: RateLimitLayer<G, C, R, M, H>,
}

impl<S, G, C, R, M, H> RateLimitService<S, G, C, R, M, H> {
    pub(super) fn new(inner: S, layer: RateLimitLayer<G, C, R, M, H>) -> Self {
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

    /// The service inside, without its limit.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, Req, G, C, R, H> Service<Req> for RateLimitService<S, G, C, R, AtOnce, H>
where
    S: Service<Req>,
    G: Gate<Req>,
    C: ReadRequest<Req>,
    R: Reject<S::Response, S::Error>,
    H: WriteHeaders<S::Response>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, H>;

    /// Takes nothing from the quota: a service that is ready and then dropped costs nothing.
    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        let layer = &self.layer;
        let facts = layer.classify.facts(&request);
        match layer.gate.check(&request, &facts) {
            Ok(standing) => {
                let note = H::note(H::policy(layer.gate.name()), standing);
                ResponseFuture::admitted(self.inner.call(request), note)
            }
            Err((rejection, standing)) => {
                ResponseFuture::refused(layer.refuse::<Req, _, _>(&facts, rejection, standing))
            }
        }
    }
}

impl<G, C, R, M, H> RateLimitLayer<G, C, R, M, H> {
    /// The answer to a refused request.
    #[cold]
    #[inline(never)]
    fn refuse<Req, Res, Err>(
        &self,
        facts: &Facts,
        rejection: Rejection,
        standing: Option<Standing>,
    ) -> Result<Res, Err>
    where
        G: Gate<Req>,
        R: Reject<Res, Err>,
        H: WriteHeaders<Res>,
    {
        let mut note = H::note(H::policy(self.gate.name()), standing);
        let answer = self.reject.reject(facts, rejection);
        answer.map(|response| H::write(&mut note, response))
    }
}

impl<S, Req, G, C, R, H> Service<Req> for RateLimitService<S, G, C, R, InTurn, H>
where
    S: Service<Req> + Clone,
    G: Gate<Req>,
    C: ReadRequest<Req>,
    R: Reject<S::Response, S::Error> + Clone,
    H: WriteHeaders<S::Response>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = WaitingFuture<S, Req, R, H>;

    /// Always ready: the bounded queue is the back-pressure.
    #[inline]
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let layer = &self.layer;
        let facts = layer.classify.facts(&request);
        let acquire = layer.gate.wait(&request, &facts, layer.mode.max_wait);
        // The clone has been asked nothing yet: the future asks it when the request is admitted.
        let inner = self.inner.clone();
        let policy = H::policy(layer.gate.name());
        WaitingFuture::new(acquire, inner, request, facts, layer.reject.clone(), policy)
    }
}
