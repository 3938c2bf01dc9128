//! The future of a call through a client stack: attempts, and the pauses between them.

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow::Break;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ovasabi_core::body::Hold;
use ovasabi_core::classify::{Classify, Facts};
use ovasabi_core::reject::Reject;
use ovasabi_core::time::Tick;
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use tower_service::Service;

use super::gate::{Entrance, Gate};
use super::guard::{Guard, Held};
use super::patience::{Times, expired};
use super::run::Run;
use crate::retry::{Replay, Ticket};

pin_project! {
    /// The future of [`ClientService`](super::ClientService).
    ///
    /// The call is admitted when it is first polled.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the attempt or the pause that is under way is dropped and counts for nothing;
    /// everything that it holds returns, and no further attempt is sent. What a retry has taken from the budget
    /// is not given back.
    #[must_use = "futures do nothing unless polled"]
    #[project = Parts]
    pub struct CallFuture<S, Req, C, P, R, H, G>
    where
        P: Replay<Req>,
        S: Service<P::Request>,
        G: Entrance,
    {
        // First, so that it is dropped first: the work stops before anybody hears that it has.
        #[pin]
        pub(super) response: Option<S::Future>,
        pub(super) stage: Stage,
        pub(super) request: Unsent<Req, P::Request>,
        pub(super) guard: Guard<G>,
        // Measures the patience with an attempt, or the pause before the next.
        #[pin]
        pub(super) timer: Option<Sleep>,
        pub(super) times: Times,
        pub(super) ticket: Ticket,
        // What the attempt after this one would need.
        pub(super) kept: Option<P::Kept>,
        pub(super) service: S,
        pub(super) replay: P,
        pub(super) facts: Facts,
        pub(super) classifier: C,
        pub(super) rejecter: R,
        pub(super) hold: H,
    }
}

/// What the next poll does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    /// Admits the call.
    // Not before: a future that is never polled holds nothing, and `call` has one way through it.
    Start,
    /// Sends the request, if the service inside is ready.
    Ready,
    /// Asks for the response.
    Calling,
    /// Waits for the end of the pause before the next attempt.
    Pausing,
    Over,
}

/// What is to be sent.
pub(super) enum Unsent<Req, Q> {
    /// The request as it came, before the call is admitted.
    Whole(Req),
    /// By the next attempt.
    Next(Q),
    /// It is under way.
    Nothing,
}

impl<S, Req, C, P, R, H, G> CallFuture<S, Req, C, P, R, H, G>
where
    P: Replay<Req>,
    S: Service<P::Request>,
    G: Entrance,
{
    #[inline(always)]
    pub(super) fn new(
        service: S,
        run: Arc<Run<G>>,
        (facts, request): (Facts, Req),
        replay: P,
        (classifier, rejecter, hold): (C, R, H),
    ) -> Self {
        Self {
            response: None,
            stage: Stage::Start,
            request: Unsent::Whole(request),
            guard: Guard::new(run),
            timer: None,
            times: Times::new(Tick::ZERO),
            ticket: Ticket::first(),
            kept: None,
            service,
            replay,
            facts,
            classifier,
            rejecter,
            hold,
        }
    }
}

impl<S, Req, C, P, R, H, G> Future for CallFuture<S, Req, C, P, R, H, G>
where
    S: Service<P::Request> + Clone,
    C: Classify<S::Response, S::Error>,
    P: Replay<Req>,
    R: Reject<S::Response, S::Error>,
    H: Hold<S::Response, Held<G>, C::End>,
    G: Gate<Req>,
{
    type Output = Result<H::Response, S::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let step = match this.stage {
                Stage::Start => this.start(),
                Stage::Ready => match this.guard.around(|| this.service.poll_ready(cx)) {
                    Poll::Ready(Ok(())) => this.send(),
                    Poll::Ready(Err(error)) => Break(Poll::Ready(Err(this.not_ready(error)))),
                    Poll::Pending => this.wait(cx),
                },
                Stage::Calling => {
                    // A future that is polled after its end has nothing more to say, here and below.
                    let Some(call) = this.response.as_mut().as_pin_mut() else {
                        return Poll::Pending;
                    };
                    match this.guard.around(|| call.poll(cx)) {
                        Poll::Ready(result) => this.answered(result, cx),
                        Poll::Pending => this.wait(cx),
                    }
                }
                Stage::Pausing => {
                    ready!(expired(this.timer.as_mut(), cx));
                    this.resume()
                }
                Stage::Over => return Poll::Pending,
            };
            if let Break(polled) = step {
                return polled;
            }
        }
    }
}

impl<S, Req, C, P, R, H, G> fmt::Debug for CallFuture<S, Req, C, P, R, H, G>
where
    P: Replay<Req>,
    S: Service<P::Request>,
    G: Entrance,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFuture")
            .field("attempt", &self.ticket.attempt())
            .finish_non_exhaustive()
    }
}
