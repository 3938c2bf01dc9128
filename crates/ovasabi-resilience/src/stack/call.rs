//! The future of a call through a client stack: attempts, and the pauses between them.

use std::fmt;
use std::future::Future;
use std::mem;
use std::ops::ControlFlow::{self, Break, Continue};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ovasabi_core::Rejection;
use ovasabi_core::body::Hold;
use ovasabi_core::classify::{Classify, Facts, Seen};
use ovasabi_core::reject::Reject;
use ovasabi_core::time::Tick;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::guard::{Guard, Held};
use super::patience::Patience;
use super::run::{Run, Tickets};
use crate::retry::{Replay, RetryPolicy, Ticket};
use crate::shed::throttle;

pin_project! {
    /// The future of [`ClientService`](super::ClientService).
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
    {
        // First, so that it is dropped first: the work stops before anybody hears that it has.
        #[pin]
        pub(super) response: Option<S::Future>,
        pub(super) stage: Stage,
        // What the next attempt sends.
        pub(super) request: Option<P::Request>,
        pub(super) guard: Guard<G>,
        #[pin]
        pub(super) patience: Patience,
        pub(super) ticket: Ticket,
        // What the attempt after this one would need.
        pub(super) kept: Option<P::Kept>,
        pub(super) service: S,
        pub(super) replay: P,
        pub(super) facts: Facts,
        classifier: C,
        rejecter: R,
        hold: H,
    }
}

/// What the next poll does.
// The request stands beside it: whoever takes that would move the whole stage.
pub(super) enum Stage {
    /// Sends the request, if the service inside is ready.
    Ready,
    /// Asks for the response.
    Calling,
    /// Waits for the end of the pause before the next attempt.
    Pausing,
    Refused(Rejection),
    Over,
}

/// A call and its first attempt, admitted.
pub(super) struct Admitted {
    pub(super) tickets: Tickets,
    pub(super) throttled: Option<throttle::Ticket>,
    pub(super) now: Tick,
}

impl<S, Req, C, P, R, H, G> CallFuture<S, Req, C, P, R, H, G>
where
    P: Replay<Req>,
    S: Service<P::Request>,
{
    #[inline(always)]
    pub(super) fn admitted(
        service: S,
        run: Arc<Run<G>>,
        admitted: Admitted,
        (facts, request): (Facts, Req),
        replay: P,
        (classifier, rejecter, hold): (C, R, H),
    ) -> Self {
        let retry = run.retry.as_ref();
        if let Some(retry) = retry {
            retry.enter();
        }
        let keep = retry.is_some_and(|retry| retry.may_follow(Ticket::FIRST));
        let (request, kept) = replay.first(request, keep);
        Self {
            response: None,
            stage: Stage::Ready,
            request: Some(request),
            guard: Guard::new(run, admitted.tickets, admitted.throttled),
            patience: Patience::new(admitted.now),
            ticket: Ticket::FIRST,
            kept,
            service,
            replay,
            facts,
            classifier,
            rejecter,
            hold,
        }
    }

    pub(super) fn refused(
        service: S,
        rejection: Rejection,
        facts: Facts,
        replay: P,
        (classifier, rejecter, hold): (C, R, H),
    ) -> Self {
        Self {
            response: None,
            stage: Stage::Refused(rejection),
            request: None,
            guard: Guard::nothing(),
            patience: Patience::new(Tick::ZERO),
            ticket: Ticket::FIRST,
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
{
    type Output = Result<H::Response, S::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let step = match this.stage {
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
                    ready!(this.patience.as_mut().paused(cx));
                    this.resume()
                }
                Stage::Refused(_) => this.refused(),
                Stage::Over => return Poll::Pending,
            };
            if let Break(polled) = step {
                return polled;
            }
        }
    }
}

/// Goes on with the stage that it has come to, or leaves `poll`.
type Step<T> = ControlFlow<Poll<T>>;

impl<S, Req, C, P, R, H, G> Parts<'_, S, Req, C, P, R, H, G>
where
    S: Service<P::Request> + Clone,
    C: Classify<S::Response, S::Error>,
    P: Replay<Req>,
    R: Reject<S::Response, S::Error>,
    H: Hold<S::Response, Held<G>, C::End>,
{
    /// Ready → Calling.
    #[inline(always)]
    fn send<T>(&mut self) -> Step<T> {
        if let Some(request) = self.request.take() {
            if let Some(retry) = self.retry() {
                retry.sent(*self.ticket);
            }
            let response = self.guard.around(|| self.service.call(request));
            self.response.set(Some(response));
        }
        *self.stage = Stage::Calling;
        Continue(())
    }

    /// Calling → Over, or Pausing.
    #[inline(always)]
    fn answered(
        &mut self,
        result: Result<S::Response, S::Error>,
        cx: &mut Context<'_>,
    ) -> Step<Result<H::Response, S::Error>> {
        let Seen { verdict, end } = self.classifier.seen(self.facts, result.as_ref());
        self.guard.at_head(&verdict);
        if RetryPolicy::is_retryable(&verdict) {
            if self.again(&verdict, cx) {
                // The response goes, with its connection, before the pause.
                return Continue(());
            }
        } else if let Some(retry) = self.retry() {
            retry.ended(*self.ticket, verdict.class, result.is_ok());
        }
        *self.stage = Stage::Over;
        self.guard.count(verdict.class);
        let held = self.guard.take();
        Break(Poll::Ready(match (result, held) {
            (Ok(response), Some(held)) => Ok(self.hold.hold(response, held, verdict.class, end)),
            // It was settled, to be tried again, which could not be done after all.
            (Ok(response), None) => Ok(self.hold.free(response)),
            (Err(error), held) => {
                if let Some(held) = held {
                    held.settle_apart(verdict.class);
                }
                Err(error)
            }
        }))
    }

    /// Ready → Over: the service inside failed before the attempt was sent.
    #[cold]
    fn not_ready(&mut self, error: S::Error) -> S::Error {
        *self.stage = Stage::Over;
        let class = self.classifier.seen(self.facts, Err(&error)).verdict.class;
        self.guard.settle(class);
        self.guard.count(class);
        error
    }

    /// Ready or Calling → Over, or Pausing: if nobody waits any longer.
    #[cold]
    fn wait(&mut self, cx: &mut Context<'_>) -> Step<Result<H::Response, S::Error>> {
        let late = self.patience.as_mut().poll(cx, self.guard, self.facts);
        let Poll::Ready((whose, rejection)) = late else {
            return Break(Poll::Pending);
        };
        // The work stops before anybody hears that it has.
        self.response.set(None);
        self.guard.settle(whose.class());
        if self.again_after(whose, cx) {
            return Continue(());
        }
        self.guard.count(whose.class());
        *self.stage = Stage::Refused(rejection);
        Continue(())
    }

    /// Pausing → Ready, or Over.
    #[cold]
    fn resume<T>(&mut self) -> Step<T> {
        *self.stage = match self.admit_again() {
            Ok(()) => Stage::Ready,
            Err(rejection) => Stage::Refused(rejection),
        };
        Continue(())
    }

    /// Refused → Over.
    #[cold]
    fn refused(&mut self) -> Step<Result<H::Response, S::Error>> {
        let Stage::Refused(rejection) = mem::replace(self.stage, Stage::Over) else {
            return Break(Poll::Pending);
        };
        let answer = self.rejecter.reject(self.facts, rejection);
        Break(Poll::Ready(
            answer.map(|response| self.hold.free(response)),
        ))
    }
}

impl<S, Req, C, P, R, H, G> fmt::Debug for CallFuture<S, Req, C, P, R, H, G>
where
    P: Replay<Req>,
    S: Service<P::Request>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFuture")
            .field("attempt", &self.ticket.attempt())
            .finish_non_exhaustive()
    }
}
