//! The service: no policy inside.

use std::task::{Context, Poll};

use ovasabi_core::body::AtHead;
use ovasabi_core::classify::{Facts, HttpClassify, ReadRequest};
use ovasabi_core::reject::{AsError, Reject};
use tokio::time::Instant;
use tower_service::Service;

use super::future::ResponseFuture;
use super::shared::OutOfTime;
use super::ticket::Ticket;
use super::{DeadlineLayer, Follow, LimitOf, Propagate, SameForAll, Untold};

/// A service whose calls have a [`Deadline`](super::Deadline); made by [`DeadlineLayer`].
#[derive(Clone, Debug)]
pub struct DeadlineService<S, C = HttpClassify, R = AsError, B = AtHead, L = SameForAll, P = Untold>
{
    inner: S,
    layer: DeadlineLayer<C, R, B, L, P>,
}

impl<S, C, R, B, L, P> DeadlineService<S, C, R, B, L, P> {
    pub(super) fn new(inner: S, layer: DeadlineLayer<C, R, B, L, P>) -> Self {
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

    /// The service inside, without a deadline.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, Req, C, R, B, L, P> Service<Req> for DeadlineService<S, C, R, B, L, P>
where
    S: Service<Req>,
    C: ReadRequest<Req>,
    R: Reject<S::Response, S::Error> + Clone,
    B: Follow<S::Response> + Clone,
    L: LimitOf<Req>,
    P: Propagate<S, Req>,
{
    type Response = B::Response;
    type Error = S::Error;
    type Future = ResponseFuture<P::Call, R, B>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    // Always: as a function apart it would return the future through memory.
    #[inline(always)]
    fn call(&mut self, request: Req) -> Self::Future {
        let facts = self.layer.classify.facts(&request);
        let entered = self.enter(&request, &facts);
        let layer = &self.layer;
        let admitted = entered.ok().map(|(ticket, until)| {
            let call = layer.propagate.call(&mut self.inner, request, until);
            (call, ticket)
        });
        let shared = layer.deadline.shared().clone();
        ResponseFuture::new(
            admitted,
            shared,
            facts,
            layer.reject.clone(),
            layer.body.clone(),
        )
    }
}

impl<S, C, R, B, L, P> DeadlineService<S, C, R, B, L, P> {
    /// The ticket, and what those inside are told; the clock is read once, or not at all.
    #[inline(always)]
    fn enter<Req>(
        &self,
        request: &Req,
        facts: &Facts,
    ) -> Result<(Ticket, Option<Instant>), OutOfTime>
    where
        S: Service<Req>,
        L: LimitOf<Req>,
        P: Propagate<S, Req>,
    {
        let policy = self.layer.deadline.shared();
        let limit = self.layer.limit.limit(request);
        if !P::TELLS {
            let ticket = policy.enter(facts, limit, Instant::now)?;
            return Ok((ticket, None));
        }
        let now = Instant::now();
        let mut ticket = policy.enter(facts, limit, || now)?;
        let until = policy.until(&mut ticket, now)?;
        Ok((ticket, until))
    }
}
