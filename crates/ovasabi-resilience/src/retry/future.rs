//! The response future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use ovasabi_core::classify::{Class, Classify, Facts, Retry, Verdict};
use ovasabi_core::reject::{Reject, RejectKind};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};
use tower_service::Service;

use super::rules::Reason;
use super::ticket::Ticket;
use super::{Attempt, Replay, RetryLayer, RetryPolicy};

pin_project! {
    /// The future of [`RetryService`](super::RetryService).
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the attempt or the pause that is under way is dropped, and no further one is
    /// sent. What a retry has taken from the budget is not given back.
    #[must_use = "futures do nothing unless polled"]
    #[project = Parts]
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
    #[inline]
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
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            // In the order of a call, and not as one `match`, which would be entered anew for each stage.
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
                        Poll::Ready(Ok(())) if this.is_too_late() => {
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
                        Poll::Pending if this.is_too_slow(cx) => break 'attempt None,
                        Poll::Pending => return Poll::Pending,
                    }
                }
                // Calling -> Pausing, or done
                let StageProj::Calling { call } = this.stage.as_mut().project() else {
                    panic!("{POLLED_AGAIN}");
                };
                match call.poll(cx) {
                    Poll::Ready(result) => Some(result),
                    Poll::Pending if this.is_too_slow(cx) => None,
                    Poll::Pending => return Poll::Pending,
                }
            };
            let verdict = match &result {
                Some(result) => {
                    let classifier = this.layer.classifier();
                    classifier.seen(this.facts, result.as_ref()).verdict
                }
                None => this.too_slow(),
            };
            if !RetryPolicy::is_retryable(&verdict) {
                let is_ok = matches!(result, Some(Ok(_)));
                this.layer
                    .policy()
                    .ended(*this.ticket, verdict.class, is_ok);
            } else if let Some(pause) = this.prepare(&verdict, cx) {
                // The response and its call go, with their connection, before the pause and not after it.
                drop(result);
                this.stage.set(Stage::Pausing);
                this.timer.set(Some(pause));
                continue;
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

impl<S, Req, C, P, R> Parts<'_, S, Req, C, P, R>
where
    S: Service<P::Request> + Clone,
    P: Replay<Req>,
{
    /// Whether the attempt, which has to wait, has had its time. The timer begins where it first has to.
    fn is_too_slow(&mut self, cx: &mut Context<'_>) -> bool {
        if self.timer.is_none() {
            let Some(longest) = self.layer.policy().per_try_timeout() else {
                return false;
            };
            self.timer.set(Some(sleep(longest)));
        }
        let timer = self.timer.as_mut().as_pin_mut();
        timer.is_some_and(|timer| timer.poll(cx).is_ready())
    }

    /// Whether the caller has stopped waiting while a further attempt waited for the service. What the first one
    /// does is the caller's own choice.
    fn is_too_late(&self) -> bool {
        let is_past = |deadline| Instant::now() >= deadline;
        self.ticket.attempt() > 1 && self.facts.deadline().is_some_and(is_past)
    }

    /// The verdict on an attempt that was too slow: a failure, which may have been done if it was sent.
    fn too_slow(&self) -> Verdict {
        self.layer.policy().timed_out();
        let is_unsent = self.request.is_some();
        Verdict::new(Class::Failure).with_retry(if is_unsent {
            Retry::Safe
        } else {
            Retry::IfIdempotent
        })
    }

    /// Prepares the next attempt, and gives the pause before it; `None` when there is none to be.
    #[cold]
    fn prepare(&mut self, verdict: &Verdict, cx: &mut Context<'_>) -> Option<Sleep> {
        let policy = self.layer.policy();
        let is_unsent = self.request.is_some();
        let can_replay = |kept| self.layer.replayer().can_replay(kept);
        let is_replayable = is_unsent || self.kept.as_ref().is_some_and(can_replay);
        let left = self
            .facts
            .deadline()
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let (ticket, pause) = policy.leave(
            *self.ticket,
            self.facts,
            verdict,
            is_replayable,
            left,
            || policy.budget().now(),
        )?;
        if policy.returns_overflow() && !is_ready(self.service.clone(), cx) {
            policy.take_back(ticket, Reason::Overflow);
            return None;
        }
        if !is_unsent {
            let keep = policy.may_follow(ticket);
            let attempt = Attempt::new(ticket.attempt());
            let kept = self.kept.take();
            let next = kept.and_then(|kept| self.layer.replayer().again(kept, attempt, keep));
            let Some((request, kept)) = next else {
                policy.take_back(ticket, Reason::Replay);
                return None;
            };
            *self.request = Some(request);
            *self.kept = kept;
        }
        *self.ticket = ticket;
        Some(sleep(pause))
    }
}

/// Asks a clone, so that nothing is kept reserved; the attempt asks another, and waits for it.
fn is_ready<Req, S: Service<Req>>(mut service: S, cx: &mut Context<'_>) -> bool {
    matches!(service.poll_ready(cx), Poll::Ready(Ok(())))
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
