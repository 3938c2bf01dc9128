//! The end of somebody's patience with an attempt.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::classify::{Class, Facts};
use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::Tick;
use tokio::task::coop;
use tokio::time::{Instant, Sleep, sleep_until};

use super::gate::Entrance;
use super::guard::Guard;
use super::run::Run;

/// When a call as a whole was admitted, when its attempt was, and whose time the timer measures.
///
/// The timer itself, made when something is first pending, stands beside it in the future: it is large, and whoever
/// made the two in one place would move it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    began: Tick,
    entered: Tick,
    whose: Whose,
}

/// Whose time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Of one attempt: the service was too slow.
    Attempt,
    /// Of the call with all its attempts: it says nothing about the service.
    Call,
    /// The caller's: it says nothing about the service.
    Caller,
}

impl Times {
    /// Of a call, and its first attempt, that were admitted now.
    #[inline(always)]
    pub(super) fn new(now: Tick) -> Self {
        Self {
            began: now,
            entered: now,
            whose: Whose::Caller,
        }
    }

    /// Of another attempt of the same call.
    pub(super) fn renewed(self, entered: Tick) -> Self {
        Self { entered, ..self }
    }

    /// When the call as a whole was admitted.
    pub(super) fn began(self) -> Tick {
        self.began
    }

    /// Ready when nobody waits for the call of `guard` any longer, with what to say then. The admission stays.
    #[inline(never)]
    pub(super) fn poll<G: Entrance>(
        &mut self,
        mut timer: Pin<&mut Option<Sleep>>,
        cx: &mut Context<'_>,
        guard: &Guard<G>,
        facts: &Facts,
    ) -> Poll<(Whose, Rejection)> {
        let Some(run) = guard.run() else {
            return Poll::Pending;
        };
        if timer.is_none() {
            let Some((at, whose)) = end(run, facts, self.began, self.entered) else {
                return Poll::Pending;
            };
            self.whose = whose;
            timer.set(Some(sleep_until(at)));
        }
        ready!(expired(timer, cx));
        Poll::Ready((self.whose, run.late(self.whose.kind())))
    }
}

/// Ready when the time of a timer is up; never, if there is none.
pub(super) fn expired(timer: Pin<&mut Option<Sleep>>, cx: &mut Context<'_>) -> Poll<()> {
    let Some(timer) = timer.as_pin_mut() else {
        return Poll::Pending;
    };
    // Outside tokio's budget: a call that spends all of it in each poll would never be stopped.
    pin!(coop::unconstrained(timer)).poll(cx)
}

/// When the first of them stops waiting.
fn end<G: Entrance>(
    run: &Run<G>,
    facts: &Facts,
    began: Tick,
    entered: Tick,
) -> Option<(Instant, Whose)> {
    let now = Instant::now();
    let tick = run.clock.now();
    let own = |limit: Option<Duration>, from: Tick| {
        let left = limit?.saturating_sub(tick.saturating_since(from));
        now.checked_add(left)
    };
    // Of two that end together, the first one here is named: who had all its time is to blame.
    [
        (own(run.timeout.get(), entered), Whose::Attempt),
        (own(run.deadline.get(), began), Whose::Call),
        (facts.deadline(), Whose::Caller),
    ]
    .into_iter()
    .filter_map(|(at, whose)| Some((at?, whose)))
    .min_by_key(|&(at, _)| at)
}

impl Whose {
    pub(super) fn kind(self) -> RejectKind {
        match self {
            Self::Attempt => RejectKind::TimedOut,
            Self::Call | Self::Caller => RejectKind::DeadlineExceeded,
        }
    }

    /// How an attempt counts that is cut off.
    pub(super) fn class(self) -> Class {
        match self {
            Self::Attempt => Class::Failure,
            Self::Call | Self::Caller => Class::Ignored,
        }
    }
}
