//! A run of parts that is one service: all handles behind one pointer.

use std::cell::Cell;
use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::classify::{Class, Facts, Verdict};
use ovasabi_core::reject::{Name, RejectKind};
use ovasabi_core::time::{Clock, Tick};
use tokio::time::Instant;

use super::limit::TimeLimit;
use crate::breaker::{self, CircuitBreaker};
use crate::concurrency::{self, ConcurrencyLimiter};
use crate::retry::RetryPolicy;
use crate::shed::Throttle;

/// What rejections by the times of a stack call it.
const LAYER: &str = "deadline";

/// The parts that are on, in their fixed order. `G` is the rate limit.
#[derive(Debug)]
pub(super) struct Run<G> {
    pub(super) name: Name,
    pub(super) clock: Clock,
    /// For a call with all its attempts.
    pub(super) deadline: TimeLimit,
    pub(super) throttle: Option<Throttle>,
    pub(super) rate_limit: Option<G>,
    pub(super) retry: Option<RetryPolicy>,
    pub(super) breaker: Option<CircuitBreaker>,
    /// For one attempt.
    pub(super) timeout: TimeLimit,
    pub(super) concurrency: Option<ConcurrencyLimiter>,
}

/// The admission of one attempt. It owes the run one [`Run::leave`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Tickets {
    breaker: Option<breaker::Ticket>,
    slot: Option<concurrency::Ticket>,
}

impl<G> Run<G> {
    /// Whether an attempt would be refused now, whatever it is.
    #[inline]
    pub(super) fn refuses(&self) -> bool {
        let is_open = |breaker: &CircuitBreaker| breaker.refuses(|| self.clock.now());
        self.breaker.as_ref().is_some_and(is_open)
            || self
                .concurrency
                .as_ref()
                .is_some_and(ConcurrencyLimiter::is_full)
    }

    /// The refusal of an attempt that was told so before it came, whatever has happened since.
    #[cold]
    pub(super) fn refuse(&self) -> Rejection {
        match (&self.breaker, &self.concurrency) {
            (Some(breaker), _) if breaker.refuses(|| self.clock.now()) => {
                breaker.refuse(|| self.clock.now())
            }
            (_, Some(limiter)) => limiter.refuse(),
            (Some(breaker), None) => breaker.refuse(|| self.clock.now()),
            (None, None) => self.late(RejectKind::Shed),
        }
    }

    /// Refuses a call whose caller has no time left.
    #[inline]
    pub(super) fn in_time(&self, facts: &Facts) -> Result<(), Rejection> {
        match facts.deadline() {
            Some(deadline) if deadline <= Instant::now() => {
                Err(self.late(RejectKind::DeadlineExceeded))
            }
            _ => Ok(()),
        }
    }

    /// Admits an attempt, or refuses it and keeps nothing.
    // Always, here and along the whole way of a success: apart, tickets would travel through memory.
    #[inline(always)]
    pub(super) fn enter(&self, facts: &Facts, now: Tick) -> Result<Tickets, Rejection> {
        let breaker = match &self.breaker {
            Some(breaker) => Some(breaker.enter(|| now)?),
            None => None,
        };
        let slot = match &self.concurrency {
            Some(limiter) => match limiter.enter(facts.priority(), || now) {
                Ok(slot) => Some(slot),
                Err(rejection) => {
                    self.leave_apart(Tickets { breaker, slot: None }, Class::Ignored);
                    return Err(rejection);
                }
            },
            None => None,
        };
        Ok(Tickets { breaker, slot })
    }

    /// Notes the head of the response to an attempt.
    #[inline(always)]
    pub(super) fn at_head(&self, tickets: &mut Tickets, verdict: &Verdict) {
        if let (Some(limiter), Some(slot)) = (&self.concurrency, &mut tickets.slot) {
            *slot = limiter.at_head(*slot, verdict, || self.clock.now());
        }
        if verdict.retry_after.is_some() {
            self.heed(tickets, verdict);
        }
    }

    /// Hears what the service asks for.
    #[cold]
    fn heed(&self, tickets: &mut Tickets, verdict: &Verdict) {
        if let (Some(breaker), Some(asked)) = (&self.breaker, verdict.retry_after)
            && breaker.heeds(verdict.class)
            && let Some(ticket) = tickets.breaker.take()
        {
            breaker.leave_asked(ticket, verdict.class, asked, self.clock.now());
        }
    }

    /// Ends an attempt: the slot first, so that who hears of the end finds it free.
    #[inline(always)]
    pub(super) fn leave(&self, tickets: Tickets, class: Class) {
        // The clock is read by whoever needs it first, and by nobody twice.
        let read = Cell::new(None);
        let now = || {
            read.get().unwrap_or_else(|| {
                let now = self.clock.now();
                read.set(Some(now));
                now
            })
        };
        if let (Some(limiter), Some(slot)) = (&self.concurrency, tickets.slot) {
            limiter.leave(slot, class, now);
        }
        if let (Some(breaker), Some(ticket)) = (&self.breaker, tickets.breaker) {
            breaker.leave(ticket, class, now);
        }
    }

    /// [`leave`](Self::leave) out of line, for ends that are no success.
    #[inline(never)]
    pub(super) fn leave_apart(&self, tickets: Tickets, class: Class) {
        self.leave(tickets, class);
    }

    /// The time until nobody waits for the call any longer, if there is an end.
    pub(super) fn left(&self, facts: &Facts, began: Tick) -> Option<Duration> {
        let callers = facts
            .deadline()
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let own = self
            .deadline
            .get()
            .map(|limit| limit.saturating_sub(self.clock.now().saturating_since(began)));
        match (own, callers) {
            (Some(own), Some(callers)) => Some(own.min(callers)),
            (one, other) => one.or(other),
        }
    }

    pub(super) fn late(&self, kind: RejectKind) -> Rejection {
        Rejection::new(kind, LAYER, self.name.clone())
    }
}
