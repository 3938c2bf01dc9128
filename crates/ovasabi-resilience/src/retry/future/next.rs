//! Between two attempts.

use std::future::Future;
use std::task::{Context, Poll};

use ovasabi_core::classify::{Class, Retry, Verdict};
use tokio::time::{Instant, Sleep, sleep};
use tower_service::Service;

use super::Parts;
use crate::retry::rules::Reason;
use crate::retry::{Attempt, Replay};

impl<S, Req, C, P, R> Parts<'_, S, Req, C, P, R>
where
    S: Service<P::Request> + Clone,
    P: Replay<Req>,
{
    /// Whether the attempt, which has to wait, has had its time. The timer begins where it first has to.
    pub(super) fn is_too_slow(&mut self, cx: &mut Context<'_>) -> bool {
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
    pub(super) fn is_too_late(&self) -> bool {
        let is_past = |deadline| Instant::now() >= deadline;
        self.ticket.attempt() > 1 && self.facts.deadline().is_some_and(is_past)
    }

    /// The verdict on an attempt that was too slow: a failure, which may have been done if it was sent.
    pub(super) fn too_slow(&self) -> Verdict {
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
    pub(super) fn prepare(&mut self, verdict: &Verdict, cx: &mut Context<'_>) -> Option<Sleep> {
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
