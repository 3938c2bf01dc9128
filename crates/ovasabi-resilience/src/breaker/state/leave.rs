//! The end of a call.

use ovasabi_core::classify::Class;
use ovasabi_core::time::Tick;

use super::super::half_open::Decision;
use super::super::sync::lock;
use super::{Cause, Engine, Mode, Ordering, Outcome, Phase, Ticket, Transition};

/// How far [`Engine::leave_plain`] got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Left {
    /// Counted, and nothing can come of it.
    Done,
    /// Counted; the rules have to be asked.
    Counted,
    /// Nothing was done.
    NotYet,
}

impl Engine {
    /// Ends a call where that needs little thought: a success, in time, of the present closed generation. What
    /// it has not done is left to [`Engine::leave`]. `now` is asked only where slowness matters.
    #[inline(always)]
    pub(in super::super) fn leave_plain(
        &self,
        ticket: Ticket,
        class: Class,
        now: impl FnOnce() -> Tick,
    ) -> Left {
        let word = self.word();
        if class != Class::Success || word != ticket.word || !word.is_plain() {
            return Left::NotYet;
        }
        if self.live.minds_slowness() {
            let now = now();
            if self.live.is_slow(ticket.entered(), now) {
                return Left::NotYet;
            }
            self.window.turn(now);
        }
        let may_matter = self
            .window
            .record(Outcome::SUCCESS, self.live.minimum_calls());
        self.end_run();
        if may_matter {
            Left::Counted
        } else {
            Left::Done
        }
    }

    /// Ends a call, or does the rest of it. `now` is asked at most once, and only where time matters.
    pub(in super::super) fn leave(
        &self,
        ticket: Ticket,
        class: Class,
        left: Left,
        now: impl FnOnce() -> Tick,
    ) -> Option<Transition> {
        match left {
            Left::Done => None,
            Left::Counted => {
                self.broken_rule(ticket.entered(), 0)?;
                self.trip_from(ticket.word, ticket.entered(), now())
            }
            Left::NotYet if class == Class::Ignored => {
                self.give_back(ticket);
                None
            }
            Left::NotYet => {
                // Out before it is counted as what it was, so that it is never counted twice.
                self.leave_watched(ticket);
                self.settle(ticket, class, now())
            }
        }
    }

    fn settle(&self, ticket: Ticket, class: Class, now: Tick) -> Option<Transition> {
        let word = self.word();
        if !word.same_state(ticket.word) {
            self.tally.late.add_one();
            return None;
        }
        match (word.mode(), word.phase()) {
            (Mode::Auto, Phase::Closed) => {
                let outcome = self.outcome(class, ticket.entered(), now);
                let may_matter = self.record(class, outcome, now);
                if outcome == Outcome::SUCCESS && !may_matter {
                    return None;
                }
                self.broken_rule(now, 0)?;
                self.trip_from(word, now, now)
            }
            (Mode::Auto, Phase::HalfOpen) => self.settle_probe(ticket, class, now),
            (Mode::MetricsOnly, _) => {
                self.record(class, self.outcome(class, ticket.entered(), now), now);
                None
            }
            // Nothing is admitted under the first two, and nothing counted under the third.
            (Mode::Auto, Phase::Open) | (Mode::ForcedOpen | Mode::Disabled, _) => None,
        }
    }

    fn settle_probe(&self, ticket: Ticket, class: Class, now: Tick) -> Option<Transition> {
        let mut cold = lock(&self.cold);
        let word = self.word();
        let decision = match ticket.lease() {
            Some(lease) if word.same_state(ticket.word) => {
                cold.probes.settle(lease, now, |entered| {
                    let outcome = self.outcome(class, entered, now);
                    self.tally.probes.add_one();
                    self.count(class, outcome);
                    outcome
                })
            }
            _ => Decision::Late,
        };
        match decision {
            Decision::Late => {
                self.tally.late.add_one();
                self.publish_slots(&cold);
                None
            }
            Decision::Undecided => {
                self.publish_slots(&cold);
                None
            }
            decided @ (Decision::Close | Decision::OpenForFailures | Decision::OpenForSlowness) => {
                self.carry_out(decided, &mut cold, word, now)
            }
        }
    }

    fn give_back(&self, ticket: Ticket) {
        self.tally.ignored.add_one();
        self.leave_watched(ticket);
        let Some(lease) = ticket.lease() else { return };
        let mut cold = lock(&self.cold);
        if self.word().same_state(ticket.word) {
            cold.probes.give_back(lease);
            self.publish_slots(&cold);
        }
    }

    fn outcome(&self, class: Class, entered: Tick, now: Tick) -> Outcome {
        Outcome {
            failed: class != Class::Success,
            slow: self.live.is_slow(entered, now),
        }
    }

    fn record(&self, class: Class, outcome: Outcome, now: Tick) -> bool {
        self.count(class, outcome);
        match class {
            Class::Failure => {
                // SeqCst, as in the windows: of two failures that end at once, the later sees both.
                self.run.fetch_add(1, Ordering::SeqCst);
            }
            Class::Success => self.end_run(),
            // Alive, and asking for less: neither lengthens nor ends a run.
            Class::Throttled | Class::Ignored => {}
        }
        self.window.turn(now);
        self.window.record(outcome, self.live.minimum_calls())
    }

    fn count(&self, class: Class, outcome: Outcome) {
        match class {
            Class::Failure => self.tally.failures.add_one(),
            Class::Throttled => self.tally.throttled.add_one(),
            Class::Success | Class::Ignored => {}
        }
        if outcome.slow {
            self.tally.slow.add_one();
        }
    }

    #[inline]
    fn end_run(&self) {
        // Looked at before it is written, so that calls of a healthy service share this line. Relaxed: runs
        // of calls that overlap have no exact order anyway.
        if self.run.load(Ordering::Relaxed) != 0 {
            self.run.store(0, Ordering::Relaxed);
        }
    }

    /// The rule that the calls that have ended break, together with `overdue` ones that have not.
    pub(super) fn broken_rule(&self, now: Tick, overdue: u64) -> Option<Cause> {
        let run = self.run.load(Ordering::SeqCst);
        self.live.broken(run, self.window.sum(now), overdue)
    }
}
