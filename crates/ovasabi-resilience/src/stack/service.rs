//! The service of a run without retries.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use ovasabi_core::Rejection;
use ovasabi_core::body::Hold;
use ovasabi_core::classify::{Classify, Facts, ReadRequest};
use ovasabi_core::reject::Reject;
use ovasabi_core::time::Tick;
use tower_service::Service;

use super::Gate;
use super::future::{Held, ResponseFuture};
use super::guard::Guard;
use super::run::{Run, Tickets};

/// A service behind a run of parts; made by the layer of a stack.
///
/// All parts are one service: one future, one pointer, two looks at the clock at most. Its error type is that of
/// the service inside. While the run would refuse, it is ready at once and does not ask the service inside, which
/// may be stuck; the call that follows is refused.
#[derive(Debug)]
pub struct RunService<S, C, R, H, G> {
    inner: S,
    run: Arc<Run<G>>,
    classifier: C,
    rejecter: R,
    hold: H,
    /// `inner` was not asked whether it is ready, because the next call was to be refused.
    skipped: bool,
}

impl<S, C, R, H, G> RunService<S, C, R, H, G> {
    pub(super) fn new(inner: S, run: Arc<Run<G>>, (classifier, rejecter, hold): (C, R, H)) -> Self {
        Self {
            inner,
            run,
            classifier,
            rejecter,
            hold,
            skipped: false,
        }
    }

    /// The service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    #[inline(always)]
    fn admit<Req>(
        &mut self,
        request: &Req,
        facts: &Facts,
    ) -> Result<(Tickets<G::Ticket>, Tick), Rejection>
    where
        G: Gate<Req>,
    {
        if mem::take(&mut self.skipped) {
            return Err(self.run.refuse(facts));
        }
        let now = self.run.clock.now();
        // Servers have no throttle.
        let (tickets, _) = self.run.admit(request, facts, now)?;
        Ok((tickets, now))
    }
}

impl<S, Req, C, R, H, G> Service<Req> for RunService<S, C, R, H, G>
where
    S: Service<Req>,
    C: ReadRequest<Req> + Classify<S::Response, S::Error> + Clone,
    R: Reject<S::Response, S::Error> + Clone,
    H: Hold<S::Response, Held<G>, C::End> + Clone,
    G: Gate<Req>,
{
    type Response = H::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, C, R, H, G>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.skipped = self.run.refuses();
        if self.skipped {
            Poll::Ready(Ok(()))
        } else {
            self.inner.poll_ready(cx)
        }
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        let facts = self.classifier.facts(&request);
        // Copied first: foreign code may panic, and nothing is taken yet.
        let choices = (
            self.classifier.clone(),
            self.rejecter.clone(),
            self.hold.clone(),
        );
        match self.admit(&request, &facts) {
            Ok((tickets, now)) => {
                let mut guard = Guard::new(Arc::clone(&self.run));
                guard.admit(tickets, None);
                let inner = &mut self.inner;
                ResponseFuture::admitted(guard, || inner.call(request), now, facts, choices)
            }
            Err(rejection) => ResponseFuture::refused(rejection, facts, choices),
        }
    }
}

/// Not derived: a clone of a service that was skipped has been asked nothing, and must not refuse for it.
impl<S: Clone, C: Clone, R: Clone, H: Clone, G> Clone for RunService<S, C, R, H, G> {
    fn clone(&self) -> Self {
        Self::new(
            self.inner.clone(),
            Arc::clone(&self.run),
            (
                self.classifier.clone(),
                self.rejecter.clone(),
                self.hold.clone(),
            ),
        )
    }
}
