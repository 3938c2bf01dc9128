//! Another attempt of a call through a client stack: none of it is on the way of a success.

use std::task::{Context, Poll};
use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::classify::{Class, Retry, Verdict};
use ovasabi_core::reject::RejectKind;
use tokio::time::sleep;
use tower_service::Service;

use super::call::{Parts, Stage, Unsent};
use super::gate::Entrance;
use super::patience::Whose;
use crate::retry::{Attempt, Reason, Replay, RetryPolicy, Ticket};

impl<S, Req, C, P, R, H, G> Parts<'_, S, Req, C, P, R, H, G>
where
    S: Service<P::Request> + Clone,
    P: Replay<Req>,
    G: Entrance,
{
    #[inline(always)]
    pub(super) fn retry(&self) -> Option<&RetryPolicy> {
        self.guard.run()?.retry.as_ref()
    }

    /// Whether the attempt was not sent.
    fn is_unsent(&self) -> bool {
        matches!(self.request, Unsent::Next(_))
    }

    /// Whether a result that may be tried again will be: then the call pauses, and its attempt is settled. It is
    /// settled too when the pause cannot begin after all.
    #[cold]
    pub(super) fn again(&mut self, verdict: &Verdict, cx: &mut Context<'_>) -> bool {
        let Some(next) = self.ask(verdict) else {
            return false;
        };
        // Settled first: what it says may open the breaker, and its slot is the next one's.
        self.guard.settle(verdict.class);
        self.prepare(next, cx)
    }

    /// The same after an attempt that was cut off.
    pub(super) fn again_after(&mut self, whose: Whose, cx: &mut Context<'_>) -> bool {
        let Some(retry) = self.retry().filter(|_| whose == Whose::Attempt) else {
            return false;
        };
        retry.timed_out();
        let verdict = Verdict::new(Class::Failure).with_retry(if self.is_unsent() {
            Retry::Safe
        } else {
            Retry::IfIdempotent
        });
        self.ask(&verdict)
            .is_some_and(|next| self.prepare(next, cx))
    }

    /// Asks whether there may be another attempt, and after what pause.
    fn ask(&self, verdict: &Verdict) -> Option<(Ticket, Duration)> {
        let run = self.guard.run()?;
        let retry = run.retry.as_ref()?;
        let can_replay = |kept| self.replay.can_replay(kept);
        let is_replayable = self.is_unsent() || self.kept.as_ref().is_some_and(can_replay);
        let left = run.left(self.facts, self.times.began());
        retry.leave(
            *self.ticket,
            self.facts,
            verdict,
            is_replayable,
            left,
            || retry.budget().now(),
        )
    }

    /// Begins the pause before the next attempt, for which the budget has paid; `false` when that cannot be made
    /// after all.
    fn prepare(&mut self, (ticket, pause): (Ticket, Duration), cx: &mut Context<'_>) -> bool {
        let Some(run) = self.guard.run() else {
            return false;
        };
        let Some(retry) = &run.retry else {
            return false;
        };
        // What would be refused after the pause is not worth the answer that is there.
        if run.refuses() || (retry.returns_overflow() && !is_ready(self.service.clone(), cx)) {
            retry.take_back(ticket, Reason::Overflow);
            return false;
        }
        if !self.is_unsent() {
            let attempt = Attempt::new(ticket.attempt());
            let keep = retry.may_follow(ticket);
            let next = self.kept.take();
            let next = next.and_then(|kept| self.replay.again(kept, attempt, keep));
            let Some((request, kept)) = next else {
                retry.take_back(ticket, Reason::Replay);
                return false;
            };
            *self.request = Unsent::Next(request);
            *self.kept = kept;
        }
        *self.stage = Stage::Pausing;
        *self.ticket = ticket;
        self.response.set(None);
        self.timer.set(Some(sleep(pause)));
        true
    }

    /// Admits the next attempt, if anybody still waits for it.
    pub(super) fn admit_again(&mut self) -> Result<(), Rejection> {
        let Some(run) = self.guard.run() else {
            return Ok(());
        };
        let refused = |reason, rejection| {
            if let Some(retry) = &run.retry {
                retry.take_back(*self.ticket, reason);
            }
            Err(rejection)
        };
        // The pause was to end in time; a runtime that was held up may have made it longer.
        if run.left(self.facts, self.times.began()) == Some(Duration::ZERO) {
            return refused(Reason::Deadline, run.late(RejectKind::DeadlineExceeded));
        }
        let now = run.clock.now();
        match run.enter(None, self.facts, now) {
            Ok(tickets) => {
                self.guard.hold(tickets);
                self.timer.set(None);
                *self.times = self.times.renewed(now);
                Ok(())
            }
            Err(rejection) => refused(Reason::Overflow, rejection),
        }
    }
}

/// Asks a clone, so that nothing is kept reserved; the attempt asks another, and waits for it.
fn is_ready<Req, S: Service<Req>>(mut service: S, cx: &mut Context<'_>) -> bool {
    matches!(service.poll_ready(cx), Poll::Ready(Ok(())))
}
