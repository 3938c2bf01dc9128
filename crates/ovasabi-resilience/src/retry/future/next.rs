//! Between two attempts.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use ovasabi_core::classify::{Class, Facts, Retry, Verdict};
use tokio::time::{Instant, Sleep, sleep};
use tower_service::Service;

use super::{ResponseFuture, Ticket};
use crate::retry::rules::Reason;
use crate::retry::{Attempt, Replay};

impl<S, Req, C, P, R> ResponseFuture<S, Req, C, P, R>
where
    S: Service<P::Request> + Clone,
    P: Replay<Req>,
{
    /// Whether the attempt, which has to wait, has had its time. The timer begins where it first has to.
    pub(super) fn is_too_slow(self: Pin<&mut Self>, cx: &mut Context<'_>) -> bool {
        let mut this = self.project();
        if this.timer.is_none() {
            let Some(longest) = this.layer.policy().per_try_timeout() else {
                return false;
            };
            this.timer.set(Some(sleep(longest)));
        }
        let timer = this.timer.as_mut().as_pin_mut();
        timer.is_some_and(|timer| timer.poll(cx).is_ready())
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
    pub(super) fn prepare(
        self: Pin<&mut Self>,
        verdict: Verdict,
        cx: &mut Context<'_>,
    ) -> Option<Sleep> {
        let this = self.project();
        let policy = this.layer.policy();
        let is_unsent = this.request.is_some();
        let can_replay = |kept| this.layer.replayer().can_replay(kept);
        let is_replayable = is_unsent || this.kept.as_ref().is_some_and(can_replay);
        let left = this
            .facts
            .deadline()
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let (ticket, pause) = policy.leave(
            *this.ticket,
            this.facts,
            &verdict,
            is_replayable,
            left,
            || policy.budget().now(),
        )?;
        if policy.returns_overflow() && !is_ready(this.service.clone(), cx) {
            policy.take_back(ticket, Reason::Overflow);
            return None;
        }
        if !is_unsent {
            let keep = policy.may_follow(ticket);
            let attempt = Attempt::new(ticket.attempt());
            let kept = this.kept.take();
            let next = kept.and_then(|kept| this.layer.replayer().again(kept, attempt, keep));
            let Some((request, kept)) = next else {
                policy.take_back(ticket, Reason::Replay);
                return None;
            };
            *this.request = Some(request);
            *this.kept = kept;
        }
        *this.ticket = ticket;
        Some(sleep(pause))
    }
}

/// Whether the caller has stopped waiting while a further attempt waited for the service. What the first one does is
/// the caller's own choice.
#[inline]
pub(super) fn is_too_late(ticket: Ticket, facts: &Facts) -> bool {
    let is_past = |deadline| Instant::now() >= deadline;
    ticket.attempt() > 1 && facts.deadline().is_some_and(is_past)
}

/// Asks a clone, so that nothing is kept reserved; the attempt asks another, and waits for it.
fn is_ready<Req, S: Service<Req>>(mut service: S, cx: &mut Context<'_>) -> bool {
    matches!(service.poll_ready(cx), Poll::Ready(Ok(())))
}
