//! Admission.

use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::Tick;

use super::super::sync::lock;
use super::{Cause, Cold, Engine, Mode, Ordering, Phase, Refusal, State, Step, Ticket, Word};

impl Engine {
    /// Admits a call where that needs no thought: closed, and deciding for itself. Otherwise `now` comes back
    /// for [`Engine::enter`]; it is asked at most once, and only where time matters.
    #[inline(always)]
    pub(in super::super) fn enter_plain<N: FnOnce() -> Tick>(&self, now: N) -> Result<Ticket, N> {
        let word = self.word();
        if !word.is_plain() {
            return Err(now);
        }
        if !self.live.is_timed() {
            return Ok(Ticket::call(word, Tick::MAX));
        }
        let entered = now();
        // Successes ask for no time when they end. Those of calls that last longer than the window would all
        // drop out of it at the next failure, if they were of the time at which they came in.
        self.window.turn(entered);
        Ok(Ticket::call(word, entered))
    }

    /// The refusal that [`Engine::enter`] would give, if any; takes nothing.
    #[inline]
    pub(in super::super) fn refusal(&self, now: impl FnOnce() -> Tick) -> Option<Refusal> {
        let word = self.word();
        if word.is_plain() || word.is_closed() {
            None
        } else {
            self.refusal_of(word, now())
        }
    }

    /// Counts a refusal that somebody gave on the strength of [`Engine::refusal`].
    pub(in super::super) fn refused(&self) {
        self.tally.rejected.add_one();
    }

    /// Admits or refuses a call, whatever the state.
    pub(in super::super) fn enter(&self, now: Tick) -> Step<Result<Ticket, Refusal>> {
        let word = self.word();
        if let Some(refusal) = self.refusal_of(word, now) {
            self.refused();
            return Step::still(Err(refusal));
        }
        if word.is_closed() {
            return self.enter_closed(word, now);
        }
        let mut cold = lock(&self.cold);
        // Asked again: the state may have moved on while this call waited for the lock.
        let word = self.word();
        if let Some(refusal) = self.refusal_of(word, now) {
            self.refused();
            return Step::still(Err(refusal));
        }
        match (word.mode(), word.phase()) {
            // Open → HalfOpen: the first call after the break is the first probe.
            (Mode::Auto, Phase::Open) => {
                cold.probes.clear();
                let next = word.next(Mode::Auto, Phase::HalfOpen);
                let answer = self.lease(&mut cold, next, now);
                let transition = Some(self.settle_on(next, State::Open, Cause::BreakOver, None));
                Step { answer, transition }
            }
            (Mode::Auto, Phase::HalfOpen) => Step::still(self.lease(&mut cold, word, now)),
            (Mode::Auto, Phase::Closed) => {
                drop(cold);
                self.enter_closed(word, now)
            }
            (Mode::ForcedOpen | Mode::Disabled | Mode::MetricsOnly, _) => {
                Step::still(Ok(Ticket::call(word, now)))
            }
        }
    }

    /// A closed breaker that watches calls under way, or has just closed.
    fn enter_closed(&self, word: Word, now: Tick) -> Step<Result<Ticket, Refusal>> {
        self.window.turn(now);
        if word.watch() != 0 {
            if let Some(transition) = self.look(word, now) {
                self.refused();
                let refusal = Refusal {
                    kind: RejectKind::CircuitOpen,
                    retry_after: transition.wait.unwrap_or_default(),
                };
                return Step {
                    answer: Err(refusal),
                    transition: Some(transition),
                };
            }
            if !self.join_watched(word, now) {
                // There was a transition meanwhile: this call comes after it.
                return self.enter(now);
            }
        }
        Step::still(Ok(Ticket::call(word, now)))
    }

    fn refusal_of(&self, word: Word, now: Tick) -> Option<Refusal> {
        let guess = now.saturating_add(self.live.base_wait());
        let (kind, until) = match (word.mode(), word.phase()) {
            // Nobody knows until when; the length of a first break is an honest guess.
            (Mode::ForcedOpen, _) => (RejectKind::CircuitOpen, guess),
            (Mode::Auto, Phase::Open) => (
                RejectKind::CircuitOpen,
                Tick::from_nanos(self.open_until.load(Ordering::Acquire)),
            ),
            // A probe's lease may be long, and most probes are back much earlier.
            (Mode::Auto, Phase::HalfOpen) => {
                let until = Tick::from_nanos(self.full_until.load(Ordering::Acquire));
                (RejectKind::ProbesTaken, until.min(guess))
            }
            (Mode::Auto, Phase::Closed) | (Mode::Disabled | Mode::MetricsOnly, _) => return None,
        };
        (now < until).then(|| Refusal {
            kind,
            retry_after: until.saturating_since(now),
        })
    }

    fn lease(&self, cold: &mut Cold, word: Word, now: Tick) -> Result<Ticket, Refusal> {
        let lease = cold.probes.lease(now);
        self.publish_slots(cold);
        match lease {
            Some(lease) => Ok(Ticket::probe(word, lease)),
            // Reached only by a clock that went backwards.
            None => {
                self.refused();
                Err(Refusal {
                    kind: RejectKind::ProbesTaken,
                    retry_after: self.live.base_wait(),
                })
            }
        }
    }

    pub(super) fn publish_slots(&self, cold: &Cold) {
        self.full_until
            .store(cold.probes.full_until().as_nanos(), Ordering::Release);
    }
}
