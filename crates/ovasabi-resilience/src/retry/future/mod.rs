//! The response future.

mod next;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use ovasabi_core::classify::{Classify, Facts};
use ovasabi_core::reject::{Reject, RejectKind};
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use tower_service::Service;

use super::rules::Reason;
use super::ticket::Ticket;
use super::{Replay, RetryLayer, RetryPolicy};
use next::is_too_late;

pin_project! {
    /// The future of [`RetryService`](super::RetryService).
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the attempt or the pause that is under way is dropped, and no further one is
    /// sent. What a retry has taken from the budget is not given back.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, Req, C, P, R>
    where
        P: Replay<Req>,
        S: Service<P::Request>,
    {
        service: S,
        layer: RetryLayer<C, P, R>,
        facts: Facts,
        ticket: Ticket,
        // What the next attempt sends.
        request: Option<P::Request>,
        // What the attempt after it would need.
        kept: Option<P::Kept>,
        // Of the pause, or of an attempt that is limited and had to wait.
        #[pin]
        timer: Option<Sleep>,
        #[pin]
        stage: Stage<S::Future>,
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<F> {
        Ready,
        Calling { #[pin] call: F },
        Pausing,
        Done,
    }
}

impl<S, Req, C, P, R> ResponseFuture<S, Req, C, P, R>
where
    P: Replay<Req>,
    S: Service<P::Request>,
{
    #[inline(always)]
    pub(super) fn new(service: S, layer: RetryLayer<C, P, R>, facts: Facts, request: Req) -> Self {
        let policy = layer.policy();
        let ticket = policy.enter();
        let keep = policy.may_follow(ticket);
        let (request, kept) = layer.replayer().first(request, keep);
        Self {
            service,
            layer,
            facts,
            ticket,
            request: Some(request),
            kept,
            timer: None,
            stage: Stage::Ready,
        }
    }
}

impl<S, Req, C, P, R> Future for ResponseFuture<S, Req, C, P, R>
where
    S: Service<P::Request> + Clone,
    C: Classify<S::Response, S::Error>,
    P: Replay<Req>,
    R: Reject<S::Response, S::Error>,
{
    type Output = Result<S::Response, S::Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            // In the order of a call, and not as one `match`, which would be entered anew for each stage. Projected
            // here and by each of those that are asked, so that no success writes the projection to memory.
            let mut this = self.as_mut().project();
            let result = 'attempt: {
                // Pausing -> Ready
                if let StageProj::Pausing = this.stage.as_mut().project() {
                    if let Some(pause) = this.timer.as_mut().as_pin_mut()
                        && pause.poll(cx).is_pending()
                    {
                        return Poll::Pending;
                    }
                    this.timer.set(None);
                    this.stage.set(Stage::Ready);
                }
                // Ready -> Calling
                if let StageProj::Ready = this.stage.as_mut().project() {
                    match this.service.poll_ready(cx) {
                        Poll::Ready(Ok(())) if is_too_late(*this.ticket, this.facts) => {
                            let policy = this.layer.policy();
                            policy.take_back(*this.ticket, Reason::Deadline);
                            let rejection = policy.rejection(RejectKind::DeadlineExceeded);
                            this.stage.set(Stage::Done);
                            return Poll::Ready(
                                this.layer.rejecter().reject(this.facts, rejection),
                            );
                        }
                        Poll::Ready(Ok(())) => {
                            let request = this.request.take().expect(POLLED_AGAIN);
                            this.layer.policy().sent(*this.ticket);
                            let call = this.service.call(request);
                            this.stage.set(Stage::Calling { call });
                        }
                        Poll::Ready(Err(error)) => {
                            this.stage.set(Stage::Done);
                            return Poll::Ready(Err(error));
                        }
                        Poll::Pending if self.as_mut().is_too_slow(cx) => break 'attempt None,
                        Poll::Pending => return Poll::Pending,
                    }
                }
                // Calling -> Pausing, or done
                let StageProj::Calling { call } = this.stage.as_mut().project() else {
                    panic!("{POLLED_AGAIN}");
                };
                match call.poll(cx) {
                    Poll::Ready(result) => Some(result),
                    Poll::Pending if self.as_mut().is_too_slow(cx) => None,
                    Poll::Pending => return Poll::Pending,
                }
            };
            let verdict = match &result {
                Some(result) => {
                    let this = self.as_mut().project();
                    let classifier = this.layer.classifier();
                    classifier.seen(this.facts, result.as_ref()).verdict
                }
                None => self.too_slow(),
            };
            let is_retryable = RetryPolicy::is_retryable(&verdict);
            if is_retryable && let Some(pause) = self.as_mut().prepare(verdict, cx) {
                // The response and its call go, with their connection, before the pause and not after it.
                drop(result);
                let mut this = self.as_mut().project();
                this.stage.set(Stage::Pausing);
                this.timer.set(Some(pause));
                continue;
            }
            let mut this = self.project();
            let policy = this.layer.policy();
            if !is_retryable {
                let is_ok = matches!(result, Some(Ok(_)));
                policy.ended(*this.ticket, verdict.class, is_ok);
            }
            this.stage.set(Stage::Done);
            return Poll::Ready(match result {
                Some(result) => result,
                None => {
                    let rejection = this.layer.policy().rejection(RejectKind::TimedOut);
                    this.layer.rejecter().reject(this.facts, rejection)
                }
            });
        }
    }
}

/// The contract of `Future`, which callers must keep.
const POLLED_AGAIN: &str = "a future is not polled after it was ready";

impl<S, Req, C, P, R> fmt::Debug for ResponseFuture<S, Req, C, P, R>
where
    P: Replay<Req>,
    S: Service<P::Request>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("attempt", &self.ticket.attempt())
            .finish_non_exhaustive()
    }
}
