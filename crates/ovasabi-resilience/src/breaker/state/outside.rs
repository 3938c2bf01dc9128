//! Transitions that somebody else asks for: the service, or who steers the breaker.

use std::time::Duration;

use ovasabi_core::backoff::Jitter;
use ovasabi_core::time::Tick;

use super::super::sync::lock;
use super::{Cause, Cold, Engine, Mode, Ordering, Phase, Ticket, Transition, Word};

impl Engine {
    /// Leaves the service alone for as long as it asked for with the answer to `ticket`'s call, to the end of the
    /// longest that may be, and a little more, so that not all come back at once.
    ///
    /// A break under way becomes longer by it, never shorter; it is no further break.
    pub(in super::super) fn pause(
        &self,
        ticket: Ticket,
        asked: Duration,
        now: Tick,
    ) -> Option<Transition> {
        let cold = lock(&self.cold);
        let pause = cold.rules.pause?;
        let asked = asked.min(pause.longest);
        if asked.is_zero() {
            return None;
        }
        let extra = Jitter::Full.spread(asked.mul_f64(pause.spread), self.random.next_u64());
        let wait = asked.saturating_add(extra);
        let word = self.word();
        match (word.mode(), word.phase()) {
            (Mode::Auto, Phase::Open) if !self.is_due(now) => {
                self.lengthen(wait, now);
                None
            }
            // What was asked for before a transition says nothing about the time after it.
            (Mode::Auto, Phase::Closed | Phase::HalfOpen) if word.same_state(ticket.word) => {
                Some(self.begin_break(word, now, Cause::RetryAfter, wait))
            }
            (Mode::Auto, _) | (Mode::ForcedOpen | Mode::Disabled | Mode::MetricsOnly, _) => None,
        }
    }

    /// Opens for at least so long, if the breaker decides for itself.
    pub(in super::super) fn trip(&self, at_least: Duration, now: Tick) -> Option<Transition> {
        let mut cold = lock(&self.cold);
        let word = self.word();
        match (word.mode(), word.phase()) {
            (Mode::ForcedOpen | Mode::Disabled | Mode::MetricsOnly, _) => None,
            // Open stays open, and may become so for longer.
            (Mode::Auto, Phase::Open) if !self.is_due(now) => {
                self.lengthen(at_least, now);
                None
            }
            (Mode::Auto, _) => Some(self.open_for(&mut cold, word, now, Cause::Tripped, at_least)),
        }
    }

    /// Hands the decision to `mode`, with everything forgotten. Nothing happens when it has it already.
    pub(in super::super) fn force(&self, mode: Mode, now: Tick) -> Option<Transition> {
        let mut cold = lock(&self.cold);
        let word = self.word();
        if word.mode() == mode {
            None
        } else {
            self.begin_anew(&mut cold, word, mode, Cause::Forced, now)
        }
    }

    /// Decides for itself, closed, with everything forgotten.
    pub(in super::super) fn reset(&self, now: Tick) -> Option<Transition> {
        let mut cold = lock(&self.cold);
        let word = self.word();
        self.begin_anew(&mut cold, word, Mode::Auto, Cause::Reset, now)
    }

    fn lengthen(&self, at_least: Duration, now: Tick) {
        self.open_until
            .fetch_max(now.saturating_add(at_least).as_nanos(), Ordering::AcqRel);
    }

    fn begin_anew(
        &self,
        cold: &mut Cold,
        word: Word,
        mode: Mode,
        cause: Cause,
        now: Tick,
    ) -> Option<Transition> {
        let from = word.state(self.is_due(now));
        self.forget(cold, now);
        cold.breaks = 0;
        let next = word.next(mode, Phase::Closed);
        if next.state(false) == from {
            // Calls under way are void all the same.
            self.word.store(next.bits(), Ordering::Release);
            return None;
        }
        Some(self.settle_on(next, from, cause, None))
    }
}
