//! What a call holds of its stack until its work is over.

use std::fmt;
use std::sync::Arc;

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::{Class, Verdict};

use super::gate::Entrance;
use super::run::{Run, Tickets};
use crate::shed::throttle;

/// The admission of an attempt through a stack: what an [`EndBody`](ovasabi_core::body::EndBody) holds.
///
/// The future of the call and the body after it settle it in every case, so it does nothing when it is dropped.
#[must_use = "whoever has it must settle it"]
pub struct Held<G: Entrance> {
    run: Arc<Run<G>>,
    tickets: Tickets<G::Ticket>,
}

impl<G: Entrance> Settle for Held<G> {
    #[inline(always)]
    fn settle(self, class: Class) {
        let Self { run, tickets } = self;
        run.leave(tickets, class);
    }
}

impl<G: Entrance> fmt::Debug for Held<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("tickets", &self.tickets)
            .finish_non_exhaustive()
    }
}

/// What a future holds while its call is under way. Dropped, it is neutral, even when the thread panics: the
/// service has done nothing wrong.
///
/// The one count of the run's references is handed on with the admission at the end, so that a call pays for one.
pub(super) struct Guard<G: Entrance> {
    /// `None` once it is handed on.
    run: Option<Arc<Run<G>>>,
    /// Of the attempt that is under way.
    tickets: Option<Tickets<G::Ticket>>,
    /// Of the call, whatever its attempts.
    throttled: Option<throttle::Ticket>,
}

impl<G: Entrance> Guard<G> {
    /// Of a call that holds nothing yet.
    #[inline(always)]
    pub(super) fn new(run: Arc<Run<G>>) -> Self {
        Self {
            run: Some(run),
            tickets: None,
            throttled: None,
        }
    }

    /// Holds what a call was admitted with.
    #[inline(always)]
    pub(super) fn admit(
        &mut self,
        tickets: Tickets<G::Ticket>,
        throttled: Option<throttle::Ticket>,
    ) {
        self.tickets = Some(tickets);
        self.throttled = throttled;
    }

    /// `None` once the admission is handed on.
    #[inline(always)]
    pub(super) fn run(&self) -> Option<&Arc<Run<G>>> {
        self.run.as_ref()
    }

    /// Holds another attempt. The one before is settled.
    pub(super) fn hold(&mut self, tickets: Tickets<G::Ticket>) {
        self.tickets = Some(tickets);
    }

    /// Notes the head of the response.
    #[inline(always)]
    pub(super) fn at_head(&mut self, verdict: &Verdict) {
        if let (Some(run), Some(tickets)) = (&self.run, &mut self.tickets) {
            run.at_head(tickets, verdict);
        }
    }

    /// Hands on the admission, and with it the run; `None` if that was done or there is none.
    #[inline(always)]
    pub(super) fn take(&mut self) -> Option<Held<G>> {
        match (self.run.take(), self.tickets.take()) {
            (Some(run), Some(tickets)) => Some(Held { run, tickets }),
            _ => None,
        }
    }

    /// Ends the attempt, if one is under way.
    pub(super) fn settle(&mut self, class: Class) {
        if let (Some(run), Some(tickets)) = (&self.run, self.tickets.take()) {
            run.leave_apart(tickets, class);
        }
    }

    /// Tells the throttle how the call ended, once.
    #[inline(always)]
    pub(super) fn count(&mut self, class: Class) {
        if self.throttled.is_some() {
            self.count_apart(class);
        }
    }

    #[inline(never)]
    fn count_apart(&mut self, class: Class) {
        let throttle = self.run().and_then(|run| run.throttle.as_ref());
        if let (Some(throttle), Some(ticket)) = (throttle, self.throttled) {
            throttle.leave(ticket, class);
        }
        self.throttled = None;
    }

    /// Runs foreign code: a panic in there is a failure of the attempt. The runtime may catch it and drop the
    /// call later, when the thread no longer panics.
    #[inline(always)]
    pub(super) fn around<T>(&mut self, foreign: impl FnOnce() -> T) -> T {
        let mut inside = Inside {
            guard: self,
            is_over: false,
        };
        let value = foreign();
        inside.is_over = true;
        value
    }

    #[cold]
    fn end(&mut self, class: Class) {
        self.settle(class);
        self.count(class);
    }
}

impl<G: Entrance> Drop for Guard<G> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.tickets.is_some() || self.throttled.is_some() {
            self.end(Class::Ignored);
        }
    }
}

struct Inside<'a, G: Entrance> {
    guard: &'a mut Guard<G>,
    is_over: bool,
}

impl<G: Entrance> Drop for Inside<'_, G> {
    #[inline(always)]
    fn drop(&mut self) {
        if !self.is_over {
            self.guard.end(Class::Failure);
        }
    }
}
