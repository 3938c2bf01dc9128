//! The admission of an attempt, held until its work is over.

use std::fmt;
use std::sync::Arc;

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::{Class, Verdict};

use super::run::{Run, Tickets};

/// The admission of an attempt through a stack: what an [`EndBody`](ovasabi_core::body::EndBody) holds.
///
/// The future of the call and the body after it settle it in every case, so it does nothing when it is dropped.
#[must_use = "whoever has it must settle it"]
pub struct Held<G> {
    run: Arc<Run<G>>,
    tickets: Tickets,
}

impl<G> Held<G> {
    #[inline]
    pub(super) fn new(run: Arc<Run<G>>, tickets: Tickets) -> Self {
        Self { run, tickets }
    }

    pub(super) fn run(&self) -> &Arc<Run<G>> {
        &self.run
    }

    /// Notes the head of the response.
    #[inline]
    pub(super) fn at_head(&mut self, verdict: &Verdict) {
        self.run.at_head(&mut self.tickets, verdict);
    }
}

impl<G> Settle for Held<G> {
    #[inline]
    fn settle(self, class: Class) {
        self.run.leave(&self.tickets, class);
    }
}

impl<G> fmt::Debug for Held<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("tickets", &self.tickets)
            .finish_non_exhaustive()
    }
}

/// What a future holds while an attempt is under way. Dropped, it is neutral, even when the thread panics: the
/// service has done nothing wrong.
pub(super) struct Guard<G>(Option<Held<G>>);

impl<G> Guard<G> {
    #[inline]
    pub(super) fn new(held: Option<Held<G>>) -> Self {
        Self(held)
    }

    #[inline]
    pub(super) fn get(&self) -> Option<&Held<G>> {
        self.0.as_ref()
    }

    #[inline]
    pub(super) fn take(&mut self) -> Option<Held<G>> {
        self.0.take()
    }

    pub(super) fn settle(&mut self, class: Class) {
        if let Some(held) = self.take() {
            held.settle(class);
        }
    }

    /// Runs foreign code: a panic in there is a failure of the attempt. The runtime may catch it and drop the
    /// call later, when the thread no longer panics.
    #[inline]
    pub(super) fn around<T>(&mut self, foreign: impl FnOnce() -> T) -> T {
        let mut inside = Inside {
            guard: self,
            is_over: false,
        };
        let value = foreign();
        inside.is_over = true;
        value
    }
}

impl<G> Drop for Guard<G> {
    #[inline]
    fn drop(&mut self) {
        self.settle(Class::Ignored);
    }
}

struct Inside<'a, G> {
    guard: &'a mut Guard<G>,
    is_over: bool,
}

impl<G> Drop for Inside<'_, G> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_over {
            self.guard.settle(Class::Failure);
        }
    }
}
