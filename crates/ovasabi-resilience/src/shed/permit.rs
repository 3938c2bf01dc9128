//! The admission of one call.

use std::fmt;
use std::thread;

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::Class;

use super::Policy;

/// An admission. Settle it with how the call ended.
///
/// * [`settle`](Settle::settle): the result counts.
/// * dropped: it says nothing about the service, and what it held is free again.
/// * dropped by a panic of its thread: a failure.
#[must_use = "a permit that is dropped at once counts for nothing"]
pub struct Permit<P: Policy> {
    /// `None` once it is settled.
    held: Option<Held<P>>,
}

impl<P: Policy> Permit<P> {
    #[inline]
    pub(super) fn new(policy: P, ticket: P::Ticket) -> Self {
        Self {
            held: Some(Held::new(policy, ticket)),
        }
    }
}

impl<P: Policy> Settle for Permit<P> {
    #[inline]
    fn settle(mut self, class: Class) {
        if let Some(held) = self.held.take() {
            held.settle(class);
        }
    }
}

impl<P: Policy> Drop for Permit<P> {
    #[inline]
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

impl<P: Policy> fmt::Debug for Permit<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(&self.held).finish()
    }
}

/// The admission of a call through the layer: what an [`EndBody`](ovasabi_core::body::EndBody) holds.
///
/// The future of the call and the body after it settle it in every case, so it does nothing when it is dropped;
/// a drop that might would cost every call the question whether it does.
#[must_use = "whoever has it must settle it"]
pub struct Held<P: Policy> {
    policy: P,
    ticket: P::Ticket,
}

impl<P: Policy> Held<P> {
    #[inline(always)]
    pub(super) fn new(policy: P, ticket: P::Ticket) -> Self {
        Self { policy, ticket }
    }

    /// [`Settle::settle`] out of line, so that the way of a success is short.
    #[inline]
    pub(super) fn settle_apart(self, class: Class) {
        #[cold]
        fn apart<P: Policy>(policy: P, ticket: P::Ticket, class: Class) {
            Held::new(policy, ticket).settle(class);
        }
        // The parts travel in registers. The whole would need an address, in memory that successes pay for.
        let Self { policy, ticket } = self;
        apart(policy, ticket, class);
    }
}

impl<P: Policy> Settle for Held<P> {
    #[inline(always)]
    fn settle(self, class: Class) {
        let Self { policy, ticket } = self;
        policy.leave(ticket, class);
    }
}

impl<P: Policy> fmt::Debug for Held<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(&self.policy).finish()
    }
}

/// Around foreign code: a panic in there is a failure of the call that it works for.
///
/// The runtime may catch the panic and drop the call later, when the thread no longer panics.
pub(super) struct Inside<'a, P: Policy> {
    held: &'a mut Option<Held<P>>,
    is_over: bool,
}

impl<'a, P: Policy> Inside<'a, P> {
    #[inline]
    pub(super) fn new(held: &'a mut Option<Held<P>>) -> Self {
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

impl<P: Policy> Drop for Inside<'_, P> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_over
            && let Some(held) = self.held.take()
        {
            held.settle_apart(Class::Failure);
        }
    }
}
