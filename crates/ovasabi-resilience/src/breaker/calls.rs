//! What layers and stacks ask of a breaker for each call.
//!
//! A stack reads the clock once for all its layers and gives what it read; a layer of its own gives the clock.

use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::classify::Class;
use ovasabi_core::time::{Clock, Tick};

use super::permit::Held;
use super::{CircuitBreaker, Ticket};

impl CircuitBreaker {
    /// Whether a call would be refused; takes nothing. `now` is asked only where time matters.
    #[inline]
    pub(crate) fn refuses(&self, now: impl FnOnce() -> Tick) -> bool {
        self.shared().refuses(now)
    }

    /// Refuses a call of which [`refuses`](Self::refuses) said so, whatever has happened since.
    pub(crate) fn refuse(&self, now: impl FnOnce() -> Tick) -> Rejection {
        self.shared().refuse(now)
    }

    /// Admits a call, which owes a [`leave`](Self::leave) then. `now` is asked at most once, and only where time
    /// matters.
    // Always, here and along the whole way of a success: apart, its parts would travel through memory, which
    // costs a call twice its time.
    #[inline(always)]
    pub(crate) fn enter(&self, now: impl FnOnce() -> Tick) -> Result<Ticket, Rejection> {
        self.shared().enter(now)
    }

    /// Ends a call.
    #[inline(always)]
    pub(crate) fn leave(&self, ticket: Ticket, class: Class, now: impl Fn() -> Tick + Copy) {
        self.shared().leave(ticket, class, now);
    }

    /// Whether [`leave_asked`](Self::leave_asked) makes a difference for a result of this class.
    pub(crate) fn heeds(&self, class: Class) -> bool {
        self.shared().heeds(class)
    }

    /// Ends a call whose result asks to leave the service alone for so long.
    pub(crate) fn leave_asked(&self, ticket: Ticket, class: Class, asked: Duration, now: Tick) {
        self.shared().leave_asked(ticket, class, asked, now);
    }

    /// What it reads the time from.
    #[inline]
    pub(crate) fn clock(&self) -> &Clock {
        self.shared().clock()
    }

    /// Admits a call that keeps the breaker with it.
    #[inline(always)]
    pub(crate) fn enter_held(&self) -> Result<Held, Rejection> {
        let ticket = self.enter(|| self.clock().now())?;
        Ok(Held::new(self.clone(), ticket))
    }
}
