//! The admission of one call.

use std::fmt;
use std::thread;
use std::time::Duration;

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::{Class, Verdict};

use super::{CircuitBreaker, Ticket};

/// An admission. Settle it with how the call ended.
///
/// * [`settle`](Settle::settle): the result counts.
/// * dropped: neither success nor failure; the slot of a probe is free again.
/// * dropped by a panic of its thread: a failure.
/// * settled after the breaker has changed its state, or after the lease of a probe: counts for nothing.
#[must_use = "a permit that is dropped at once counts for nothing"]
pub struct Permit {
    /// `None` once it is settled.
    held: Option<Held>,
}

impl Permit {
    pub(super) fn new(breaker: CircuitBreaker, ticket: Ticket) -> Self {
        Self {
            held: Some(Held::new(breaker, ticket)),
        }
    }

    /// Settles it with the class of `verdict`, and with what the service asks for in it
    /// ([`honour_retry_after`](super::CircuitBreakerBuilder::honour_retry_after)).
    pub fn settle_verdict(mut self, verdict: Verdict) {
        if let Some(held) = self.held.take() {
            match verdict.retry_after {
                Some(asked) => held.settle_asked(verdict.class, asked),
                None => held.settle(verdict.class),
            }
        }
    }
}

impl Settle for Permit {
    #[inline]
    fn settle(mut self, class: Class) {
        if let Some(held) = self.held.take() {
            held.settle(class);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            held.settle(if thread::panicking() {
                Class::Failure
            } else {
                Class::Ignored
            });
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(&self.held).finish()
    }
}

/// The admission of a call through the layer: what an [`EndBody`](ovasabi_core::body::EndBody) holds.
///
/// The future of the call and the body after it settle it in every case, so it does nothing when it is dropped;
/// a drop that might would cost every call the question whether it does.
#[must_use = "whoever has it must settle it"]
pub struct Held {
    breaker: CircuitBreaker,
    ticket: Ticket,
}

impl Held {
    #[inline]
    pub(super) fn new(breaker: CircuitBreaker, ticket: Ticket) -> Self {
        Self { breaker, ticket }
    }

    /// [`Settle::settle`] out of line, so that the way of a success is short.
    #[inline]
    pub(super) fn settle_apart(self, class: Class) {
        #[cold]
        fn apart(breaker: CircuitBreaker, ticket: Ticket, class: Class) {
            Held::new(breaker, ticket).settle(class);
        }
        // The parts travel in registers. The whole would need an address, in memory that successes pay for.
        let Self { breaker, ticket } = self;
        apart(breaker, ticket, class);
    }
}

impl Held {
    /// Whether [`settle_asked`](Self::settle_asked) would make a difference.
    pub(super) fn heeds(&self, class: Class) -> bool {
        self.breaker.heeds(class)
    }

    /// Settles with a result that says how long to leave the service alone.
    pub(super) fn settle_asked(self, class: Class, asked: Duration) {
        let Self { breaker, ticket } = self;
        breaker.leave_asked(ticket, class, asked, breaker.clock().now());
    }
}

impl Settle for Held {
    #[inline(always)]
    fn settle(self, class: Class) {
        let Self { breaker, ticket } = self;
        // The clock is where the state is. Asked through `breaker`, that would need an address, as above.
        let clock = breaker.clock();
        breaker.leave(ticket, class, move || clock.now());
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("ticket", &self.ticket)
            .finish_non_exhaustive()
    }
}

/// Around foreign code: a panic in there is a failure of the call that it works for.
///
/// The runtime may catch the panic and drop the call later, when the thread no longer panics.
pub(super) struct Inside<'a> {
    held: &'a mut Option<Held>,
    is_over: bool,
}

impl<'a> Inside<'a> {
    #[inline]
    pub(super) fn new(held: &'a mut Option<Held>) -> Self {
        Self {
            held,
            is_over: false,
        }
    }

    #[inline]
    pub(super) fn over(mut self) {
        self.is_over = true;
    }
}

impl Drop for Inside<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_over
            && let Some(held) = self.held.take()
        {
            held.settle_apart(Class::Failure);
        }
    }
}
