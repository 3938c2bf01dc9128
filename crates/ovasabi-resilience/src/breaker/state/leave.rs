//! The end of a call.

use ovasabi_core::classify::Class;
use ovasabi_core::time::Tick;

use super::super::half_open::{Decision, Lease};
use super::super::sync::lock;
use super::{Cause, Engine, Mode, Ordering, Outcome, Phase, Ticket, Transition, Word};

impl Engine {
    /// Ends a call. `now` is asked at most once: for the slow-call rule, when the call was not a success, and
    /// when it opens the breaker.
    #[inline]
    pub(in super::super) fn leave(
        &self,
        ticket: Ticket,
        class: Class,
        now: impl FnOnce() -> Tick,
    ) -> Option<Transition> {
        let word = self.word();
        if class != Class::Success || word != ticket.word || !word.is_plain() {
            return self.leave_guarded(ticket, class, now());
        }
        let Some(slow) = self.rules.slow else {
            return self.succeed(word, ticket.entered, now);
        };
        let now = now();
        if slow.applies(ticket.entered, now) {
            return self.leave_guarded(ticket, class, now);
        }
        self.succeed(word, now, || now)
    }

    /// A success, in time, of the present closed generation.
    #[inline]
    fn succeed(&self, word: Word, at: Tick, now: impl FnOnce() -> Tick) -> Option<Transition> {
        let nth = self.window.record(at, Outcome::SUCCESS);
        self.end_run();
        if nth > self.rules.minimum_calls {
            return None;
        }
        // Young buckets: the minimum may just have been reached, or an older bucket have dropped out.
        let cause = self.broken_rule(at)?;
        self.trip_from(word, now(), cause)
    }

    #[inline]
    fn end_run(&self) {
        // Looked at before it is written, so that calls of a healthy service share this line. Relaxed: runs
        // of calls that overlap have no exact order anyway.
        if self.run.load(Ordering::Relaxed) != 0 {
            self.run.store(0, Ordering::Relaxed);
        }
    }

    #[cold]
    fn leave_guarded(&self, ticket: Ticket, class: Class, now: Tick) -> Option<Transition> {
        if class == Class::Ignored {
            self.tally.ignored.add_one();
            self.give_back(ticket);
            return None;
        }
        let word = self.word();
        if word != ticket.word {
            self.tally.late.add_one();
            return None;
        }
        let slow = self
            .rules
            .slow
            .is_some_and(|slow| slow.applies(ticket.entered, now));
        let outcome = Outcome {
            failed: class != Class::Success,
            slow,
        };
        match (word.mode(), word.phase()) {
            (Mode::Auto, Phase::Closed) => {
                self.record(class, outcome, now);
                let cause = self.broken_rule(now)?;
                self.trip_from(word, now, cause)
            }
            (Mode::Auto, Phase::HalfOpen) => {
                self.settle_probe(ticket, ticket.lease?, class, outcome, now)
            }
            (Mode::MetricsOnly, _) => {
                self.record(class, outcome, now);
                None
            }
            // Nothing is admitted under the first two, and nothing counted under the third.
            (Mode::Auto, Phase::Open) | (Mode::ForcedOpen | Mode::Disabled, _) => None,
        }
    }

    fn record(&self, class: Class, outcome: Outcome, now: Tick) {
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
        self.window.record(now, outcome);
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

    #[cold]
    fn broken_rule(&self, now: Tick) -> Option<Cause> {
        self.rules
            .broken(self.run.load(Ordering::SeqCst), self.window.sum(now))
    }

    fn give_back(&self, ticket: Ticket) {
        let Some(lease) = ticket.lease else { return };
        let mut cold = lock(&self.cold);
        if self.word() == ticket.word {
            cold.probes.give_back(lease);
            self.publish_slots(&cold);
        }
    }

    fn settle_probe(
        &self,
        ticket: Ticket,
        lease: Lease,
        class: Class,
        outcome: Outcome,
        now: Tick,
    ) -> Option<Transition> {
        let mut cold = lock(&self.cold);
        let word = self.word();
        let decision = if word == ticket.word {
            cold.probes.settle(lease, now, outcome)
        } else {
            Decision::Late
        };
        if decision == Decision::Late {
            self.tally.late.add_one();
        } else {
            self.tally.probes.add_one();
            self.count(class, outcome);
        }
        match decision {
            Decision::Undecided | Decision::Late => {
                self.publish_slots(&cold);
                None
            }
            Decision::Close => Some(self.close(&mut cold, word, now)),
            Decision::OpenForFailures => Some(self.open(&mut cold, word, now, Cause::ProbesFailed)),
            Decision::OpenForSlowness => Some(self.open(&mut cold, word, now, Cause::ProbesSlow)),
        }
    }
}
