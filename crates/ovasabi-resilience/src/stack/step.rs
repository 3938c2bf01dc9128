//! The steps of a call through a client stack. Those on the way of a success are one piece of code with `poll`, the
//! others stand apart from it.

use std::mem;
use std::ops::ControlFlow::{self, Break, Continue};
use std::task::{Context, Poll};

use ovasabi_core::Rejection;
use ovasabi_core::body::Hold;
use ovasabi_core::classify::{Classify, Seen};
use ovasabi_core::reject::Reject;
use tower_service::Service;

use super::call::{Parts, Stage, Unsent};
use super::gate::Gate;
use super::guard::Held;
use super::patience::Times;
use crate::retry::{Replay, RetryPolicy, Ticket};

/// Goes on with the stage that it has come to, or leaves `poll`.
pub(super) type Step<T> = ControlFlow<Poll<T>>;

impl<S, Req, C, P, R, H, G> Parts<'_, S, Req, C, P, R, H, G>
where
    S: Service<P::Request> + Clone,
    C: Classify<S::Response, S::Error>,
    P: Replay<Req>,
    R: Reject<S::Response, S::Error>,
    H: Hold<S::Response, Held<G>, C::End>,
    G: Gate<Req>,
{
    /// Start → Ready.
    #[inline(always)]
    pub(super) fn start(&mut self) -> Step<Result<H::Response, S::Error>> {
        let whole = mem::replace(self.request, Unsent::Nothing);
        let (Unsent::Whole(request), Some(run)) = (whole, self.guard.run()) else {
            return Break(Poll::Pending);
        };
        let now = run.clock.now();
        match run.admit(&request, self.facts, now) {
            Ok((tickets, throttled)) => {
                if let Some(retry) = &run.retry {
                    retry.enter();
                }
                let keep = run.retry.as_ref();
                let keep = keep.is_some_and(|retry| retry.may_follow(Ticket::first()));
                // Held before the request is copied: foreign code may panic.
                self.guard.admit(tickets, throttled);
                let (request, kept) = self.replay.first(request, keep);
                *self.request = Unsent::Next(request);
                *self.kept = kept;
                *self.times = Times::new(now);
                *self.stage = Stage::Ready;
                Continue(())
            }
            Err(rejection) => self.refuse(rejection),
        }
    }

    /// Ready → Calling.
    #[inline(always)]
    pub(super) fn send<T>(&mut self) -> Step<T> {
        if let Unsent::Next(request) = mem::replace(self.request, Unsent::Nothing) {
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
    pub(super) fn answered(
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
        let response = match result {
            Ok(response) => response,
            Err(error) => {
                self.guard.settle(verdict.class);
                return Break(Poll::Ready(Err(error)));
            }
        };
        Break(Poll::Ready(Ok(match self.guard.take() {
            Some(held) => self.hold.hold(response, held, verdict.class, end),
            // It was settled, to be tried again, which could not be done after all.
            None => self.hold.free(response),
        })))
    }

    /// Ready → Over: the service inside failed before the attempt was sent.
    #[cold]
    pub(super) fn not_ready(&mut self, error: S::Error) -> S::Error {
        *self.stage = Stage::Over;
        let class = self.classifier.seen(self.facts, Err(&error)).verdict.class;
        self.guard.settle(class);
        self.guard.count(class);
        error
    }

    /// Ready or Calling → Over, or Pausing: if nobody waits any longer.
    #[cold]
    pub(super) fn wait(&mut self, cx: &mut Context<'_>) -> Step<Result<H::Response, S::Error>> {
        let timer = self.timer.as_mut();
        let late = self.times.poll(timer, cx, self.guard, self.facts);
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
        self.refuse(rejection)
    }

    /// Pausing → Ready, or Over.
    #[cold]
    pub(super) fn resume(&mut self) -> Step<Result<H::Response, S::Error>> {
        match self.admit_again() {
            Ok(()) => {
                *self.stage = Stage::Ready;
                Continue(())
            }
            Err(rejection) => self.refuse(rejection),
        }
    }

    /// Any → Over.
    #[cold]
    #[inline(never)]
    pub(super) fn refuse(&mut self, rejection: Rejection) -> Step<Result<H::Response, S::Error>> {
        *self.stage = Stage::Over;
        let answer = self.rejecter.reject(self.facts, rejection);
        Break(Poll::Ready(answer.map(|response| self.hold.free(response))))
    }
}
