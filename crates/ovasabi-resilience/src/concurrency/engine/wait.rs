//! Waiting for a slot, and handing one over.

use std::task::Waker;

use ovasabi_core::classify::Class;
use ovasabi_core::time::Tick;

use super::super::queue::{Done, Late, Place};
use super::{Engine, Gate, Level, Refusal, Take, Ticket};

/// The beginning of a wait.
#[derive(Debug)]
pub(in super::super) enum Start {
    /// There was a slot.
    Admitted(Ticket),
    /// In the queue, there and until then.
    Queued(Place, Late),
}

impl Engine {
    /// Admits a call that need not wait. Counts no refusal: it may wait yet.
    #[inline]
    pub(in super::super) fn enter_now(
        &self,
        level: Level,
        now: impl FnOnce() -> Tick,
    ) -> Option<Ticket> {
        match self.slots.take(level) {
            Take::Taken(in_flight) => Some(self.ticket(in_flight, now)),
            Take::Full | Take::Ask => None,
        }
    }

    /// Admits a call, or lets it wait until `deadline` at the latest, or refuses it.
    pub(in super::super) fn wait(
        &self,
        level: Level,
        deadline: Option<Tick>,
        now: Tick,
        waker: &Waker,
    ) -> Result<Start, Refusal> {
        let (start, displaced) = {
            let mut gate = self.gate();
            // Announced before the slots are looked at: one that returns later is handed over.
            self.slots.set_waiting(true);
            let result = self.start(&mut gate, level, deadline, now, waker);
            self.slots.set_waiting(!gate.line.is_empty());
            result.map_err(|refusal| self.refuse(refusal))?
        };
        if let Some(displaced) = displaced {
            self.tally.refused(Refusal::Displaced);
            displaced.wake();
        }
        Ok(start)
    }

    fn start(
        &self,
        gate: &mut Gate,
        level: Level,
        deadline: Option<Tick>,
        now: Tick,
        waker: &Waker,
    ) -> Result<(Start, Option<Waker>), Refusal> {
        if let Some(in_flight) = self.take_first(gate, level) {
            let ticket = self.ticket(in_flight, || now);
            return Ok((Start::Admitted(ticket), None));
        }
        let (place, late, displaced) = gate.line.join(level, deadline, now, waker)?;
        Ok((Start::Queued(place, late), displaced))
    }

    /// What has become of a wait; told once. Until then `waker` is woken when it is over.
    pub(in super::super) fn ask(
        &self,
        place: Place,
        waker: &Waker,
    ) -> Option<Result<Ticket, Refusal>> {
        let (done, old) = {
            let mut gate = self.gate();
            gate.line.ask(place, waker)
        };
        drop(old);
        done.map(|done| match done {
            Done::Admitted(ticket) => Ok(ticket),
            Done::Refused(refusal) => Err(refusal),
        })
    }

    /// Ends a wait that took too long; unless it had ended already.
    pub(in super::super) fn time_out(&self, place: Place, late: Late) -> Result<Ticket, Refusal> {
        match self.quit(place) {
            Some(Done::Admitted(ticket)) => Ok(ticket),
            Some(Done::Refused(refusal)) => Err(refusal),
            None => Err(self.refuse(late.why)),
        }
    }

    /// Ends a wait for which nobody cares any more. A slot that it was given goes on to the next.
    pub(in super::super) fn abandon(&self, place: Place, now: impl Fn() -> Tick) {
        match self.quit(place) {
            Some(Done::Admitted(ticket)) => {
                let moved = self.leave(ticket, Class::Ignored, now);
                debug_assert!(moved.is_none(), "a call that never began says nothing");
            }
            Some(Done::Refused(_)) => {}
            None => self.tally.cancelled.add(1),
        }
    }

    /// Takes a slot past those of a lower priority.
    ///
    /// Not past others: whoever has just returned a slot may be on its way to hand it to them.
    pub(super) fn take_first(&self, gate: &Gate, level: Level) -> Option<u32> {
        if gate.line.is_first(level) {
            self.slots.take_first(level)
        } else {
            None
        }
    }

    fn quit(&self, place: Place) -> Option<Done> {
        let (done, old) = {
            let mut gate = self.gate();
            let left = gate.line.quit(place);
            self.slots.set_waiting(!gate.line.is_empty());
            left
        };
        drop(old);
        done
    }

    /// Gives free slots to those who wait, one by one.
    #[cold]
    pub(super) fn hand_over(&self, now: Tick) {
        while let Some(waker) = self.serve_next(now) {
            // Outside of the lock: a waker may do anything.
            waker.wake();
        }
    }

    fn serve_next(&self, now: Tick) -> Option<Waker> {
        let mut gate = self.gate();
        let mut refused = None;
        let waker = gate.line.serve(
            now,
            |level| {
                let in_flight = self.slots.take_first(level)?;
                Some(self.ticket(in_flight, || now))
            },
            |refusal| refused = Some(refusal),
        );
        if let Some(refusal) = refused {
            self.tally.refused(refusal);
        }
        if gate.line.is_empty() {
            self.slots.set_waiting(false);
        }
        waker
    }
}
