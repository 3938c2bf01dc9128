//! What the layer and a stack ask of a policy, in the order of a call. None of it reads a clock.

use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::classify::{Class, Facts, Retry, Verdict};
use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::Tick;

use super::rules::{Reason, Situation};
use super::ticket::Ticket;
use super::{KIND, Overflow, RetryPolicy};

impl RetryPolicy {
    /// A request is about to be sent for the first time.
    #[inline]
    pub(crate) fn enter(&self) -> Ticket {
        self.0.budget.deposit();
        Ticket::first()
    }

    /// Whether another attempt may follow this one, so that something of the request has to be kept.
    #[inline]
    pub(crate) fn may_follow(&self, ticket: Ticket) -> bool {
        ticket.attempt < self.0.max_attempts()
    }

    /// How long one attempt may take; asked at the first `Pending`.
    #[inline]
    pub(crate) fn per_try_timeout(&self) -> Option<Duration> {
        self.0.per_try_timeout()
    }

    /// An attempt ended in something that is not to be tried again: most calls end here.
    #[inline]
    pub(crate) fn ended(&self, ticket: Ticket, class: Class, is_ok: bool) {
        match class {
            // The head of a gRPC stream says nothing yet: taken for a success, until somebody complains.
            Class::Success => self.ended_well(ticket),
            Class::Ignored if is_ok => self.ended_well(ticket),
            Class::Ignored => {}
            Class::Failure | Class::Throttled => self.0.tally.given_back(Reason::NotRetryable),
        }
    }

    #[inline]
    fn ended_well(&self, ticket: Ticket) {
        self.0.budget.succeeded(ticket.taken);
        if ticket.taken.is_some() {
            self.0.tally.recovered.add_one();
        }
    }

    /// Whether a result is one that [`RetryPolicy::leave`] has to be asked about; else it has
    /// [`ended`](RetryPolicy::ended).
    #[inline]
    pub(crate) fn is_retryable(verdict: &Verdict) -> bool {
        verdict.retry != Retry::No
    }

    /// An attempt ended in something that may be tried again: the ticket of the next attempt, for which the
    /// budget has been asked, and the pause before it. `None`: the result is given back, and that is counted.
    ///
    /// `left` is the time until the deadline in `facts`; `now`, of the budget's clock, is asked for only where
    /// the floor decides.
    pub(crate) fn leave(
        &self,
        ticket: Ticket,
        facts: &Facts,
        verdict: &Verdict,
        is_replayable: bool,
        left: Option<Duration>,
        now: impl FnOnce() -> Tick,
    ) -> Option<(Ticket, Duration)> {
        let situation = Situation {
            facts,
            verdict,
            attempts: ticket.attempt,
            is_replayable,
            left,
            random: self.0.random.next_u64(),
        };
        let decided = self.0.rules().decide(&situation).and_then(|pause| {
            let taken = self.0.budget.take(verdict.class, now);
            taken.map(|taken| (taken, pause)).ok_or(Reason::Budget)
        });
        match decided {
            Ok((taken, pause)) => Some((ticket.next(taken), pause)),
            Err(reason) => {
                self.0.tally.given_back(reason);
                None
            }
        }
    }

    /// Whether the service has to be asked before the result of an attempt is dropped.
    pub(crate) fn returns_overflow(&self) -> bool {
        self.0.rules().overflow == Overflow::Return
    }

    /// The attempt of `ticket` cannot be made after all: what it had taken goes back to the budget.
    pub(crate) fn take_back(&self, ticket: Ticket, reason: Reason) {
        if let Some(taken) = ticket.taken {
            self.0.budget.refund(taken);
        }
        self.0.tally.given_back(reason);
    }

    /// An attempt is sent.
    #[inline]
    pub(crate) fn sent(&self, ticket: Ticket) {
        if ticket.attempt > 1 {
            self.0.tally.attempts.add_one();
            if ticket.attempt == 2 {
                self.0.tally.requests.add_one();
            }
        }
    }

    /// An attempt was too slow.
    pub(crate) fn timed_out(&self) {
        self.0.tally.timed_out.add_one();
    }

    /// The answer to a request of which there is no result: its last attempt was too slow (`TimedOut`), or its
    /// time ran out while a further attempt waited for the service (`DeadlineExceeded`).
    pub(crate) fn rejection(&self, kind: RejectKind) -> Rejection {
        Rejection::new(kind, KIND, self.name().clone())
    }
}
