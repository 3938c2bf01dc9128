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
/// * dropped by a panic that began while it was held: a failure.
/// * settled after the breaker has changed its state, or after the lease of a probe: counts for nothing.
#[must_use = "a permit that is dropped at once counts for nothing"]
pub struct Permit {
    shared: Shared,
    ticket: Ticket,
    on_drop: OnDrop,
}

/// What a drop means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnDrop {
    Neutral,
    Failure,
    /// A failure when the thread panics, else neutral.
    Panic,
    Nothing,
}

impl Permit {
    #[inline]
    pub(super) fn new(shared: Shared, ticket: Ticket) -> Self {
        // A permit that is taken by clean-up code during a panic did not cause it.
        let on_drop = if thread::panicking() {
            OnDrop::Neutral
        } else {
            OnDrop::Panic
        };
        Self {
            shared,
            ticket,
            on_drop,
        }
    }

    /// For the layer, which knows exactly when it is inside the service.
    #[inline]
    pub(crate) fn inside(shared: Shared, ticket: Ticket) -> Self {
        Self {
            shared,
            ticket,
            on_drop: OnDrop::Failure,
        }
    }

    /// From here to [`Permit::enter`], a drop is neutral.
    #[inline]
    pub(crate) fn exit(&mut self) {
        self.on_drop = OnDrop::Neutral;
    }

    /// From here to [`Permit::exit`], only a panic can drop it.
    #[inline]
    pub(crate) fn enter(&mut self) {
        self.on_drop = OnDrop::Failure;
    }
}

impl Settle for Permit {
    #[inline]
    fn settle(mut self, class: Class) {
        self.on_drop = OnDrop::Nothing;
        self.shared.leave(self.ticket, class);
    }
}

impl Drop for Permit {
    #[inline]
    fn drop(&mut self) {
        let class = match self.on_drop {
            OnDrop::Nothing => return,
            OnDrop::Failure => Class::Failure,
            OnDrop::Panic if thread::panicking() => Class::Failure,
            OnDrop::Neutral | OnDrop::Panic => Class::Ignored,
        };
        self.shared.leave(self.ticket, class);
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("ticket", &self.ticket)
            .finish_non_exhaustive()
    }
}
