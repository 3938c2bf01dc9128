//! Transitions. Each is made under the lock, from a word that was read under it.

use std::time::Duration;

use ovasabi_core::backoff::Backoff;
use ovasabi_core::time::Tick;

use super::super::half_open::Decision;
use super::super::sync::lock;
use super::{Cause, Cold, Engine, Mode, Ordering, Phase, State, Transition, Word};

impl Engine {
    /// Closed → Open, unless another call was first. Asks the rules again about the window at `counted`: they
    /// change under the lock alone.
    #[cold]
    pub(super) fn trip_from(&self, word: Word, counted: Tick, now: Tick) -> Option<Transition> {
        let mut cold = lock(&self.cold);
        let present = self.word();
        if !present.same_state(word) {
            return None;
        }
        let cause = self.broken_rule(counted, 0)?;
        Some(self.open(&mut cold, present, now, cause))
    }

    /// Closed → Open, HalfOpen → Open.
    pub(super) fn open(&self, cold: &mut Cold, word: Word, now: Tick, cause: Cause) -> Transition {
        self.open_for(cold, word, now, cause, Duration::ZERO)
    }

    pub(super) fn open_for(
        &self,
        cold: &mut Cold,
        word: Word,
        now: Tick,
        cause: Cause,
        at_least: Duration,
    ) -> Transition {
        let from = word.state(self.is_due(now));
        if from == State::Closed && self.next_break_is_first(cold, now) {
            cold.breaks = 0;
        }
        cold.breaks = cold.breaks.saturating_add(1);
        let wait = cold
            .rules
            .wait
            .delay(cold.breaks, self.random.next_u64())
            .max(at_least)
            .max(SHORTEST);
        self.begin_break(word, now, cause, wait)
    }

    pub(super) fn begin_break(
        &self,
        word: Word,
        now: Tick,
        cause: Cause,
        wait: Duration,
    ) -> Transition {
        let from = word.state(self.is_due(now));
        self.open_until
            .store(now.saturating_add(wait).as_nanos(), Ordering::Release);
        self.settle_on(word.next(Mode::Auto, Phase::Open), from, cause, Some(wait))
    }

    /// HalfOpen → Closed, HalfOpen → Open, or neither.
    pub(super) fn carry_out(
        &self,
        decision: Decision,
        cold: &mut Cold,
        word: Word,
        now: Tick,
    ) -> Option<Transition> {
        match decision {
            Decision::Late | Decision::Undecided => None,
            Decision::Close => Some(self.close(cold, word, now)),
            Decision::OpenForFailures => Some(self.open(cold, word, now, Cause::ProbesFailed)),
            Decision::OpenForSlowness => Some(self.open(cold, word, now, Cause::ProbesSlow)),
        }
    }

    /// Whether a closed breaker would begin anew: a service that was well for a whole window has earned it.
    pub(super) fn next_break_is_first(&self, cold: &Cold, now: Tick) -> bool {
        cold.breaks == 0 || self.window.has_turned(cold.closed_since, now)
    }

    /// HalfOpen → Closed. The breaks stay counted until the service has been well for a while.
    pub(super) fn close(&self, cold: &mut Cold, word: Word, now: Tick) -> Transition {
        self.forget(cold, now);
        self.settle_on(
            word.next(Mode::Auto, Phase::Closed),
            State::HalfOpen,
            Cause::ProbesSucceeded,
            None,
        )
    }

    pub(super) fn forget(&self, cold: &mut Cold, now: Tick) {
        self.window.clear();
        self.run.store(0, Ordering::SeqCst);
        cold.closed_since = now;
    }

    /// Makes the new state visible: the last write of every transition.
    pub(super) fn settle_on(
        &self,
        next: Word,
        from: State,
        cause: Cause,
        wait: Option<Duration>,
    ) -> Transition {
        self.word.store(next.bits(), Ordering::Release);
        let to = next.state(false);
        self.tally.transition_to(to);
        Transition {
            from,
            to,
            cause,
            generation: next.generation(),
            wait,
        }
    }
}

/// A break that lasts no time at all would refuse nobody and still promise a later chance.
const SHORTEST: Duration = Duration::from_nanos(1);
