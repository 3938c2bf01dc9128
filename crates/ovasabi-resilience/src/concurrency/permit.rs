//! The slot of one call.

use std::fmt;

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::{Class, Verdict};

use super::ConcurrencyLimiter;
use super::ticket::Ticket;

/// One slot. It returns when this is settled or dropped, exactly once.
///
/// An adaptive limiter learns from how it was settled:
///
/// * [`Class::Success`]: its latency is a sample. Behind a layer that is the time to the head of the response,
///   otherwise the time until it is settled.
/// * [`Class::Throttled`] and [`Class::Failure`]: it was too much for the service. A layer leaves out failures
///   that no retry can mend, such as a 500: they are the fault of one call.
/// * [`Class::Ignored`], or dropped: nothing.
#[must_use = "dropping the permit frees the slot"]
pub struct Permit {
    /// `None` once it is settled.
    held: Option<Held>,
}

impl Permit {
    #[inline(always)]
    pub(super) fn new(limiter: ConcurrencyLimiter, ticket: Ticket) -> Self {
        Self {
            held: Some(Held::new(limiter, ticket)),
        }
    }

    /// The same slot, for one who settles it in every case.
    #[inline]
    pub(super) fn into_held(mut self) -> Held {
        self.held.take().expect("only its end takes it out")
    }
}

impl Settle for Permit {
    #[inline(always)]
    fn settle(mut self, class: Class) {
        if let Some(held) = self.held.take() {
            held.settle(class);
        }
    }
}

impl Drop for Permit {
    #[inline]
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            held.settle(Class::Ignored);
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(&self.held).finish()
    }
}

/// The slot of a call through a layer: what an [`EndBody`](ovasabi_core::body::EndBody) holds.
///
/// The future of the call and the body after it settle it in every case, so it does nothing when it is dropped;
/// a drop that might would cost every call the question whether it does.
#[must_use = "whoever has it must settle it"]
pub struct Held {
    limiter: ConcurrencyLimiter,
    ticket: Ticket,
}

impl Held {
    #[inline(always)]
    pub(super) fn new(limiter: ConcurrencyLimiter, ticket: Ticket) -> Self {
        Self { limiter, ticket }
    }

    /// The head of the response is there.
    #[inline(always)]
    pub(super) fn at_head(self, verdict: &Verdict) -> Self {
        let Self { limiter, ticket } = self;
        let ticket = limiter.at_head(ticket, verdict, || limiter.now());
        Self { limiter, ticket }
    }

    /// [`Settle::settle`] out of line, so that the way of a success is short.
    #[inline]
    pub(super) fn settle_apart(self, class: Class) {
        #[cold]
        fn apart(limiter: ConcurrencyLimiter, ticket: Ticket, class: Class) {
            Held::new(limiter, ticket).settle(class);
        }
        // The parts travel in registers. The whole would need an address, in memory that successes pay for.
        let Self { limiter, ticket } = self;
        apart(limiter, ticket, class);
    }
}

impl Settle for Held {
    #[inline(always)]
    fn settle(self, class: Class) {
        let Self { limiter, ticket } = self;
        limiter.leave(ticket, class, || limiter.now());
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(self.limiter.name()).finish()
    }
}

/// Around foreign code: a panic in there frees the slot of the call that it works for.
///
/// The runtime may catch the panic and drop the call later, or never.
pub(super) struct Inside<'a> {
    held: &'a mut Option<Held>,
    is_over: bool,
}

impl<'a> Inside<'a> {
    #[inline(always)]
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
            held.settle_apart(Class::Ignored);
        }
    }
}
