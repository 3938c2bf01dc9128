//! The future of a call through a client stack: attempts, and the pauses between them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::admit::Settle;
use ovasabi_core::body::Hold;
use ovasabi_core::classify::{Class, Classify, Facts, Retry, Verdict};
use ovasabi_core::reject::Reject;
use ovasabi_core::time::Tick;
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};
use tower_service::Service;

use super::attempt::{self, Ended};
use super::guard::{Guard, Held};
use super::patience::{Patience, Whose};
use super::run::Run;
use crate::retry::{Attempt, Reason, Replay, RetryPolicy, Ticket};
use crate::shed::{Permit, Throttle};

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
        service: S,
        run: Arc<Run<G>>,
        replay: P,
        facts: Facts,
        began: Tick,
        // Counts the call, whatever its attempts.
        throttle: Option<Permit<Throttle>>,
        ticket: Ticket,
        // What the next attempt sends, and what the attempt after it would need.
        request: Option<P::Request>,
        kept: Option<P::Kept>,
        guard: Guard<G>,
        #[pin]
        patience: Patience,
        #[pin]
        stage: Stage<S::Future>,
        classifier: C,
        rejecter: R,
        hold: H,
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<F> {
        // Admitted, until the service inside is ready.
        Ready,
        Calling { #[pin] response: Option<F> },
        Pausing { #[pin] pause: Sleep },
        Refused { rejection: Option<Rejection> },
        Done,
    }
}

/// The admission of a call and of its first attempt.
pub(super) struct Admitted<G> {
    pub(super) held: Held<G>,
    pub(super) began: Tick,
    pub(super) throttle: Option<Permit<Throttle>>,
}

/// How an attempt ended, and whether it had been sent.
enum Outcome<Res, Err, G> {
    /// The service inside failed before the attempt was sent.
    NotReady(Err),
    Answered(Result<Res, Err>, Held<G>),
    Late(Whose, Rejection),
}

impl<S, Req, C, P, R, H, G> CallFuture<S, Req, C, P, R, H, G>
where
    P: Replay<Req>,
    S: Service<P::Request>,
{
    #[inline]
    pub(super) fn new(
        service: S,
        run: Arc<Run<G>>,
        admitted: Result<Admitted<G>, Rejection>,
        (facts, request): (Facts, Req),
        replay: P,
        (classifier, rejecter, hold): (C, R, H),
    ) -> Self {
        let mut future = Self {
            service,
            run,
            replay,
            facts,
            began: Tick::ZERO,
            throttle: None,
            ticket: Ticket::FIRST,
            request: None,
            kept: None,
            guard: Guard::new(None),
            patience: Patience::new(Tick::ZERO, Tick::ZERO),
            stage: Stage::Ready,
            classifier,
            rejecter,
            hold,
        };
        match admitted {
            Ok(Admitted {
                held,
                began,
                throttle,
            }) => {
                let retry = future.run.retry.as_ref();
                future.ticket = retry.map_or(Ticket::FIRST, RetryPolicy::enter);
                let keep = retry.is_some_and(|retry| retry.may_follow(future.ticket));
                let (request, kept) = future.replay.first(request, keep);
                future.request = Some(request);
                future.kept = kept;
                future.began = began;
                future.throttle = throttle;
                future.patience = Patience::new(began, began);
                future.guard = Guard::new(Some(held));
            }
            Err(rejection) => {
                future.stage = Stage::Refused {
                    rejection: Some(rejection),
                };
            }
        }
        future
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
            let outcome = match this.stage.as_mut().project() {
                // Ready -> Calling
                StageProj::Ready => match this.guard.around(|| this.service.poll_ready(cx)) {
                    Poll::Ready(Ok(())) => {
                        this.send();
                        continue;
                    }
                    Poll::Ready(Err(error)) => Outcome::NotReady(error),
                    Poll::Pending => {
                        let late =
                            attempt::wait(this.guard, this.patience.as_mut(), this.facts, cx);
                        let (whose, rejection) = ready!(late);
                        // It was not sent: nobody is to blame, but somebody may hold a slot too long.
                        this.guard.settle(whose.class());
                        Outcome::Late(whose, rejection)
                    }
                },
                // Calling -> Pausing, or done
                StageProj::Calling { response } => {
                    let patience = this.patience.as_mut();
                    match ready!(attempt::poll(
                        response, this.guard, patience, this.facts, cx
                    )) {
                        Ended::Answered(result, held) => Outcome::Answered(result, held),
                        Ended::Late(whose, rejection) => Outcome::Late(whose, rejection),
                    }
                }
                // Pausing -> Ready
                StageProj::Pausing { pause } => {
                    ready!(pause.poll(cx));
                    if let Err(rejection) = this.admit_again() {
                        return Poll::Ready(this.refuse(rejection));
                    }
                    continue;
                }
                StageProj::Refused { rejection } => match rejection.take() {
                    Some(rejection) => return Poll::Ready(this.refuse(rejection)),
                    None => return Poll::Pending,
                },
                // A future that is polled after its end has nothing more to say.
                StageProj::Done => return Poll::Pending,
            };
            if let Poll::Ready(result) = this.end(outcome, cx) {
                this.stage.set(Stage::Done);
                return Poll::Ready(result);
            }
        }
    }
}

impl<S, Req, C, P, R, H, G> Parts<'_, S, Req, C, P, R, H, G>
where
    S: Service<P::Request> + Clone,
    C: Classify<S::Response, S::Error>,
    P: Replay<Req>,
    R: Reject<S::Response, S::Error>,
    H: Hold<S::Response, Held<G>, C::End>,
{
    #[inline]
    fn send(&mut self) {
        let request = self.request.take().expect(UNSENT);
        if let Some(retry) = &self.run.retry {
            retry.sent(*self.ticket);
        }
        let response = self.guard.around(|| self.service.call(request));
        self.stage.set(Stage::Calling {
            response: Some(response),
        });
    }

    /// Ready with the answer, or pending when there is to be another attempt.
    #[inline]
    fn end(
        &mut self,
        outcome: Outcome<S::Response, S::Error, G>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<H::Response, S::Error>> {
        match outcome {
            Outcome::Answered(result, mut held) => {
                let seen = self.classifier.seen(self.facts, result.as_ref());
                held.at_head(&seen.verdict);
                let class = seen.verdict.class;
                if !RetryPolicy::is_retryable(&seen.verdict) {
                    if let Some(retry) = &self.run.retry {
                        retry.ended(*self.ticket, class, result.is_ok());
                    }
                } else if let Some(next) = self.ask(&seen.verdict) {
                    // Settled first: what it says may open the breaker, and its slot is the next one's.
                    held.settle(class);
                    return match self.prepare(next, cx) {
                        Some(pause) => {
                            // The response and its call go, with their connection, before the pause.
                            drop(result);
                            self.stage.set(Stage::Pausing { pause });
                            Poll::Pending
                        }
                        None => {
                            self.count(class);
                            Poll::Ready(result.map(|response| self.hold.free(response)))
                        }
                    };
                }
                self.count(class);
                Poll::Ready(match result {
                    Ok(response) => Ok(self.hold.hold(response, held, class, seen.end)),
                    Err(error) => {
                        held.settle(class);
                        Err(error)
                    }
                })
            }
            Outcome::NotReady(error) => {
                let seen = self.classifier.seen(self.facts, Err(&error));
                self.guard.settle(seen.verdict.class);
                self.count(seen.verdict.class);
                Poll::Ready(Err(error))
            }
            Outcome::Late(whose, rejection) => {
                if whose == Whose::Attempt
                    && let Some(pause) = self.prepare_after_time_out(cx)
                {
                    self.stage.set(Stage::Pausing { pause });
                    return Poll::Pending;
                }
                self.count(whose.class());
                Poll::Ready(self.refuse(rejection))
            }
        }
    }

    /// Tells the throttle how the call ended. Whatever does not, counts for nothing.
    #[inline]
    fn count(&mut self, class: Class) {
        if let Some(permit) = self.throttle.take() {
            permit.settle(class);
        }
    }

    fn refuse(&mut self, rejection: Rejection) -> Result<H::Response, S::Error> {
        self.stage.set(Stage::Done);
        let answer = self.rejecter.reject(self.facts, rejection);
        answer.map(|response| self.hold.free(response))
    }

    #[cold]
    fn prepare_after_time_out(&mut self, cx: &mut Context<'_>) -> Option<Sleep> {
        self.run.retry.as_ref()?.timed_out();
        let is_unsent = self.request.is_some();
        let verdict = Verdict::new(Class::Failure).with_retry(if is_unsent {
            Retry::Safe
        } else {
            Retry::IfIdempotent
        });
        let next = self.ask(&verdict)?;
        self.prepare(next, cx)
    }

    /// Asks whether there may be another attempt, and after what pause.
    #[cold]
    fn ask(&mut self, verdict: &Verdict) -> Option<(Ticket, Duration)> {
        let retry = self.run.retry.as_ref()?;
        let can_replay = |kept| self.replay.can_replay(kept);
        let is_replayable = self.request.is_some() || self.kept.as_ref().is_some_and(can_replay);
        let left = self.run.left(self.facts, *self.began);
        retry.leave(
            *self.ticket,
            self.facts,
            verdict,
            is_replayable,
            left,
            || retry.budget().now(),
        )
    }

    /// Prepares the next attempt, for which the budget has paid; `None` when it cannot be made after all.
    #[cold]
    fn prepare(
        &mut self,
        (ticket, pause): (Ticket, Duration),
        cx: &mut Context<'_>,
    ) -> Option<Sleep> {
        let retry = self.run.retry.as_ref()?;
        // What would be refused after the pause is not worth the answer that is there.
        if self.run.refuses() || (retry.returns_overflow() && !is_ready(self.service.clone(), cx)) {
            retry.take_back(ticket, Reason::Overflow);
            return None;
        }
        if self.request.is_none() {
            let keep = retry.may_follow(ticket);
            let attempt = Attempt::new(ticket.attempt());
            let kept = self.kept.take();
            let next = kept.and_then(|kept| self.replay.again(kept, attempt, keep));
            let Some((request, kept)) = next else {
                retry.take_back(ticket, Reason::Replay);
                return None;
            };
            *self.request = Some(request);
            *self.kept = kept;
        }
        *self.ticket = ticket;
        Some(sleep(pause))
    }

    /// Admits the next attempt.
    #[cold]
    fn admit_again(&mut self) -> Result<(), Rejection> {
        let now = self.run.clock.now();
        match self.run.enter(self.facts, now) {
            Ok(tickets) => {
                *self.guard = Guard::new(Some(Held::new(Arc::clone(self.run), tickets)));
                self.patience.set(Patience::new(*self.began, now));
                self.stage.set(Stage::Ready);
                Ok(())
            }
            Err(rejection) => {
                if let Some(retry) = &self.run.retry {
                    retry.take_back(*self.ticket, Reason::Overflow);
                }
                Err(rejection)
            }
        }
    }
}

/// Asks a clone, so that nothing is kept reserved; the attempt asks another, and waits for it.
fn is_ready<Req, S: Service<Req>>(mut service: S, cx: &mut Context<'_>) -> bool {
    matches!(service.poll_ready(cx), Poll::Ready(Ok(())))
}

/// Each way to [`Stage::Ready`] puts a request there.
const UNSENT: &str = "an attempt that was admitted has a request to send";

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
