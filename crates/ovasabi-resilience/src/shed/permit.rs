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
pub struct Permit<P: Policy>(Option<(P, P::Ticket)>);

impl<P: Policy> Permit<P> {
    #[inline]
    pub(super) fn new(policy: P, ticket: P::Ticket) -> Self {
        Self(Some((policy, ticket)))
    }
}

impl<P: Policy> Settle for Permit<P> {
    #[inline]
    fn settle(mut self, class: Class) {
        if let Some((policy, ticket)) = self.0.take() {
            policy.leave(ticket, class);
        }
    }
}

impl<P: Policy> Drop for Permit<P> {
    #[inline]
    fn drop(&mut self) {
        if let Some((policy, ticket)) = self.0.take() {
            policy.leave(
                ticket,
                if thread::panicking() {
                    Class::Failure
                } else {
                    Class::Ignored
                },
            );
        }
    }
}

impl<P: Policy> fmt::Debug for Permit<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(&self.0).finish()
    }
}

/// Around foreign code: a panic in there is a failure of the call that it works for.
///
/// The runtime may catch the panic and drop the call later, when the thread no longer panics.
pub(super) struct Inside<'a, P: Policy> {
    permit: &'a mut Option<Permit<P>>,
    is_over: bool,
}

impl<'a, P: Policy> Inside<'a, P> {
    #[inline]
    pub(super) fn new(permit: &'a mut Option<Permit<P>>) -> Self {
        Self {
            permit,
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
            && let Some(permit) = self.permit.take()
        {
            permit.settle(Class::Failure);
        }
    }
}
