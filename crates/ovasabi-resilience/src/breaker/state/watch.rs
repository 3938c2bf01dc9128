//! Calls that hang: counted as slow before they end.

use ovasabi_core::time::Tick;

use super::super::in_flight::{InFlight, Place};
use super::super::rules::SlowRule;
use super::super::sync::lock;
use super::{Cold, Engine, Ordering, Ticket, Transition, Word};

impl Engine {
    /// Counts a call of the closed breaker among those under way. `false` when the state has moved on.
    pub(super) fn join_watched(&self, word: Word, now: Tick) -> bool {
        let Some(in_flight) = self.in_flight.get() else {
            return true;
        };
        let place = self.place(word, now);
        if !in_flight.join(place) {
            let _cold = lock(&self.cold);
            if self.word() != word {
                return false;
            }
            in_flight.join_anew(place);
        }
        true
    }

    /// Takes a call out from among those under way, if it is one.
    pub(super) fn leave_watched(&self, ticket: Ticket) {
        // After a transition, and under another watch, nobody counts it any more.
        if ticket.is_watched()
            && self.word() == ticket.word
            && let Some(in_flight) = self.in_flight.get()
        {
            in_flight.leave(self.place(ticket.word, ticket.entered()));
        }
    }

    /// Looks, every tenth of the window, whether calls that have not ended break the rule.
    pub(super) fn look(&self, word: Word, now: Tick) -> Option<Transition> {
        let interval = self.window.tenth().unwrap_or(self.live.slow_nanos() / 8);
        if !self.in_flight.get()?.is_time_to_look(now, interval) {
            return None;
        }
        let mut cold = lock(&self.cold);
        if self.word() != word {
            return None;
        }
        let overdue = self.overdue(&cold, now);
        let cause = self.broken_rule(now, overdue)?;
        Some(self.open(&mut cold, word, now, cause))
    }

    /// How many calls under way are slow already.
    pub(super) fn overdue(&self, _cold: &Cold, now: Tick) -> u64 {
        let word = self.word();
        let in_flight = self.in_flight.get().filter(|_| word.watch() != 0);
        in_flight.map_or(0, |in_flight| in_flight.overdue(self.place(word, now)))
    }

    /// The same, for people.
    pub(in super::super) fn slow_in_flight(&self, now: Tick) -> u64 {
        if self.word().watch() == 0 {
            return 0;
        }
        self.overdue(&lock(&self.cold), now)
    }

    /// How many calls are under way, if they are watched.
    #[cfg(feature = "testkit")]
    pub(in super::super) fn watched(&self, now: Tick) -> u64 {
        // Under the lock none is on its way from one count to another.
        let _cold = lock(&self.cold);
        let word = self.word();
        let in_flight = self.in_flight.get().filter(|_| word.watch() != 0);
        in_flight.map_or(0, |in_flight| in_flight.held(self.place(word, now)))
    }

    /// Watches calls that come in from now on, if the rule says so.
    pub(super) fn begin_watch(&self, cold: &mut Cold, slow: Option<SlowRule>) {
        let watch = if slow.is_some_and(|slow| slow.in_flight) {
            self.in_flight.get_or_init(|| Box::new(InFlight::new()));
            cold.watch = cold.watch % Word::LAST_WATCH + 1;
            cold.watch
        } else {
            0
        };
        // Release: whoever sees the watch sees the place for it.
        let word = self.word().with_watch(watch);
        self.word.store(word.bits(), Ordering::Release);
    }

    fn place(&self, word: Word, now: Tick) -> Place {
        Place::new(word, now, self.live.slow_nanos())
    }
}
