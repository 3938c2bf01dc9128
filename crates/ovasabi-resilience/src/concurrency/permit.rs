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
    limiter: ConcurrencyLimiter,
    ticket: Ticket,
    /// What the drop settles with.
    class: Class,
}

impl Permit {
    #[inline]
    pub(super) fn new(limiter: ConcurrencyLimiter, ticket: Ticket) -> Self {
        Self {
            limiter,
            ticket,
            class: Class::Ignored,
        }
    }

    /// The head of the response is there.
    #[inline]
    pub(super) fn at_head(&mut self, verdict: &Verdict) {
        let limiter = &self.limiter;
        self.ticket = limiter.at_head(self.ticket, verdict, || limiter.now());
    }
}

impl Settle for Permit {
    #[inline]
    fn settle(mut self, class: Class) {
        self.class = class;
    }
}

impl Drop for Permit {
    #[inline]
    fn drop(&mut self) {
        let limiter = &self.limiter;
        limiter.leave(&self.ticket, self.class, || limiter.now());
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(self.limiter.name()).finish()
    }
}
