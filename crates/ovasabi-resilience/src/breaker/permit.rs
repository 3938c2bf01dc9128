//! The admission of one call.

use std::fmt;
use std::thread;

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::Class;

use super::shared::Shared;
use super::ticket::Ticket;

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
    pub(super) fn new(shared: Shared, ticket: Ticket) -> Self {
        Self {
            held: Some(Held::new(shared, ticket)),
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
    shared: Shared,
    ticket: Ticket,
}

impl Held {
    #[inline]
    pub(super) fn new(shared: Shared, ticket: Ticket) -> Self {
        Self { shared, ticket }
    }

    /// [`Settle::settle`] out of line, so that the way of a success is short.
    #[inline]
    pub(super) fn settle_apart(self, class: Class) {
        #[cold]
        fn apart(shared: Shared, ticket: Ticket, class: Class) {
            Held::new(shared, ticket).settle(class);
        }
        // The parts travel in registers. The whole would need an address, in memory that successes pay for.
        let Self { shared, ticket } = self;
        apart(shared, ticket, class);
    }
}

impl Settle for Held {
    #[inline]
    fn settle(self, class: Class) {
        let Self { shared, ticket } = self;
        shared.leave(ticket, class);
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
