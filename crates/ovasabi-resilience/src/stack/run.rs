//! A run of parts that is one service: all handles behind one pointer.

use std::cell::Cell;
use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::classify::{Class, Facts, Verdict};
use ovasabi_core::reject::{Name, RejectKind};
use ovasabi_core::time::{Clock, Tick};
use tokio::time::Instant;

use super::gate::{Entrance, Gate};
use super::limit::TimeLimit;
use crate::breaker::{self, CircuitBreaker};
use crate::concurrency::{self, ConcurrencyLimiter};
use crate::retry::RetryPolicy;
use crate::shed::{Throttle, throttle};

/// What rejections by the times of a stack call it.
const LAYER: &str = "deadline";

/// The parts that are on, in their fixed order. `G` is the rate limit or the load shedder.
#[derive(Debug)]
pub(super) struct Run<G> {
    pub(super) name: Name,
    pub(super) clock: Clock,
    /// For a call with all its attempts.
    pub(super) deadline: TimeLimit,
    pub(super) throttle: Option<Throttle>,
    pub(super) gate: Option<G>,
    pub(super) retry: Option<RetryPolicy>,
    pub(super) breaker: Option<CircuitBreaker>,
    /// For one attempt.
    pub(super) timeout: TimeLimit,
    pub(super) concurrency: Option<ConcurrencyLimiter>,
}

/// The admission of one attempt. It owes the run one [`Run::leave`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Tickets<T> {
    /// Of the gate; the first attempt of a call has it.
    gate: Option<T>,
    breaker: Option<breaker::Ticket>,
    slot: Option<concurrency::Ticket>,
}

impl<G: Entrance> Run<G> {
    /// Whether an attempt would be refused now, whatever it is.
    #[inline]
    pub(super) fn refuses(&self) -> bool {
        let is_open = |breaker: &CircuitBreaker| breaker.refuses(|| self.clock.now());
        self.breaker.as_ref().is_some_and(is_open)
            || self.gate.as_ref().is_some_and(Entrance::is_shut)
            || self
                .concurrency
                .as_ref()
                .is_some_and(ConcurrencyLimiter::is_full)
    }

    /// The refusal of an attempt that was told so before it came, whatever has happened since.
    #[cold]
    pub(super) fn refuse(&self, facts: &Facts) -> Rejection {
        let now = || self.clock.now();
        let gate = || self.gate.as_ref()?.refuse(facts);
        let is_shut = self.gate.as_ref().is_some_and(Entrance::is_shut);
        let told = match (&self.breaker, &self.concurrency) {
            _ if is_shut => gate(),
            (Some(breaker), _) if breaker.refuses(now) => Some(breaker.refuse(now)),
            (_, Some(limiter)) if limiter.is_full() => Some(limiter.refuse()),
            // Nobody refuses any longer: the outermost that can have.
            (breaker, limiter) => gate()
                .or_else(|| breaker.as_ref().map(|breaker| breaker.refuse(now)))
                .or_else(|| limiter.as_ref().map(ConcurrencyLimiter::refuse)),
        };
        told.unwrap_or_else(|| self.late(RejectKind::Shed))
    }

    /// Refuses a call whose caller has no time left.
    #[inline(always)]
    fn in_time(&self, facts: &Facts) -> Result<(), Rejection> {
        match facts.deadline() {
            Some(deadline) if deadline <= Instant::now() => {
                Err(self.late(RejectKind::DeadlineExceeded))
            }
            _ => Ok(()),
        }
    }

    /// Admits a call and its first attempt, or refuses it and keeps nothing.
    #[inline(always)]
    pub(super) fn admit<Req>(
        &self,
        request: &Req,
        facts: &Facts,
        now: Tick,
    ) -> Result<(Tickets<G::Ticket>, Option<throttle::Ticket>), Rejection>
    where
        G: Gate<Req>,
    {
        self.in_time(facts)?;
        let throttled = match &self.throttle {
            Some(throttle) => Some(throttle.enter(now)?),
            None => None,
        };
        let gate = match &self.gate {
            Some(gate) => match gate.take(request, facts, now) {
                Ok(ticket) => Some(ticket),
                Err(rejection) => return Err(self.unthrottle(throttled, rejection)),
            },
            None => None,
        };
        match self.enter(gate, facts, now) {
            Ok(tickets) => Ok((tickets, throttled)),
            Err(rejection) => Err(self.unthrottle(throttled, rejection)),
        }
    }

    /// Tells the throttle of a call that was refused after it: that says nothing about the service.
    #[cold]
    fn unthrottle(&self, ticket: Option<throttle::Ticket>, rejection: Rejection) -> Rejection {
        if let (Some(throttle), Some(ticket)) = (&self.throttle, ticket) {
            throttle.leave(ticket, Class::Ignored);
        }
        rejection
    }

    /// Admits an attempt with what it has of the gate, or refuses it and keeps nothing.
    // Always, here and along the whole way of a success: apart, tickets would travel through memory.
    #[inline(always)]
    pub(super) fn enter(
        &self,
        gate: Option<G::Ticket>,
        facts: &Facts,
        now: Tick,
    ) -> Result<Tickets<G::Ticket>, Rejection> {
        let breaker = match &self.breaker {
            Some(breaker) => match breaker.enter(|| now) {
                Ok(ticket) => Some(ticket),
                Err(rejection) => return Err(self.give_back(gate, None, rejection)),
            },
            None => None,
        };
        let slot = match &self.concurrency {
            Some(limiter) => match limiter.enter(facts.priority(), || now) {
                Ok(slot) => Some(slot),
                Err(rejection) => return Err(self.give_back(gate, breaker, rejection)),
            },
            None => None,
        };
        Ok(Tickets {
            gate,
            breaker,
            slot,
        })
    }

    /// Gives back what an attempt had before it was refused.
    #[cold]
    fn give_back(
        &self,
        gate: Option<G::Ticket>,
        breaker: Option<breaker::Ticket>,
        rejection: Rejection,
    ) -> Rejection {
        let tickets = Tickets {
            gate,
            breaker,
            slot: None,
        };
        self.leave(tickets, Class::Ignored);
        rejection
    }

    /// Notes the head of the response to an attempt.
    #[inline(always)]
    pub(super) fn at_head(&self, tickets: &mut Tickets<G::Ticket>, verdict: &Verdict) {
        if let (Some(limiter), Some(slot)) = (&self.concurrency, &mut tickets.slot) {
            *slot = limiter.at_head(*slot, verdict, || self.clock.now());
        }
        if verdict.retry_after.is_some() {
            self.heed(tickets, verdict);
        }
    }

    /// Hears what the service asks for.
    #[cold]
    fn heed(&self, tickets: &mut Tickets<G::Ticket>, verdict: &Verdict) {
        if let (Some(breaker), Some(asked)) = (&self.breaker, verdict.retry_after)
            && breaker.heeds(verdict.class)
            && let Some(ticket) = tickets.breaker.take()
        {
            breaker.leave_asked(ticket, verdict.class, asked, self.clock.now());
        }
    }

    /// Ends an attempt: the slot first, so that who hears of the end finds it free.
    #[inline(always)]
    pub(super) fn leave(&self, tickets: Tickets<G::Ticket>, class: Class) {
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
        if let (Some(gate), Some(ticket)) = (&self.gate, tickets.gate) {
            gate.leave(ticket);
        }
    }

    /// [`leave`](Self::leave) out of line, for ends that are no success.
    #[inline(never)]
    pub(super) fn leave_apart(&self, tickets: Tickets<G::Ticket>, class: Class) {
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
