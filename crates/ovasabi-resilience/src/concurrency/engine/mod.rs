//! The engine: slots, queue and limit; time in, decisions out. No futures, no clock, no tokio.
//!
//! While nobody waits, a call takes and returns its slot with one locked operation each. Whatever concerns the
//! queue goes through one short lock, which is also what a change of the limit takes; wakers are called
//! outside of it.

#[cfg(all(test, ovasabi_loom))]
mod loom_models;
mod wait;

use ovasabi_core::classify::Class;
use ovasabi_core::time::Tick;

use super::adaptive::Adaptive;
use super::config::{Config, Limit, Tuning};
use super::level::{Level, Reserve};
use super::queue::Line;
use super::slots::{Slots, Take};
use super::sync::{Mutex, MutexGuard, lock};
use super::tally::Tally;
use super::ticket::{Refusal, Ticket};

pub(super) use wait::Start;

#[derive(Debug)]
pub(super) struct Engine {
    slots: Slots,
    adaptive: Option<Adaptive>,
    gate: Mutex<Gate>,
    tally: Tally,
}

/// An adaptive limit has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "somebody may want to know"]
pub(super) struct Move {
    pub(super) from: u32,
    pub(super) to: u32,
}

/// What a waiting call and a change of the limit touch.
#[derive(Debug)]
struct Gate {
    line: Line,
    reserve: Reserve,
}

impl Engine {
    pub(super) fn new(config: Config, now: Tick) -> Self {
        let reserve = config.reserve();
        let initial = config.limit.initial();
        Self {
            slots: Slots::new(initial, &reserve),
            adaptive: match config.limit {
                Limit::Fixed(_) => None,
                Limit::Adaptive(tuning) => Some(Adaptive::new(tuning, now)),
            },
            gate: Mutex::new(Gate {
                line: Line::new(config.queue),
                reserve,
            }),
            tally: Tally::default(),
        }
    }

    /// Admits a call or refuses it, at once. `now` is asked at most once, and only where time matters.
    #[inline(always)]
    pub(super) fn enter(
        &self,
        level: Level,
        now: impl FnOnce() -> Tick,
    ) -> Result<Ticket, Refusal> {
        match self.slots.take(level) {
            Take::Taken(in_flight) => Ok(self.ticket(in_flight, now)),
            Take::Full => Err(self.refuse(Refusal::Full)),
            Take::Ask => self.enter_first(level, now),
        }
    }

    /// Ends a call. `now` is asked only where time matters: for its latency, and where somebody waits.
    #[inline(always)]
    pub(super) fn leave(
        &self,
        ticket: Ticket,
        class: Class,
        now: impl Fn() -> Tick,
    ) -> Option<Move> {
        let mut moved = None;
        if let Some(adaptive) = &self.adaptive
            && let Some(at) = adaptive.leave(ticket, class, &now)
        {
            moved = self.close_window(adaptive, at);
        }
        if self.slots.put_back() {
            self.hand_over(now());
        }
        moved
    }

    /// Changes the limit by hand.
    ///
    /// # Errors
    /// The bounds of an adaptive limiter, where it is not within them.
    pub(super) fn set_limit(&self, limit: u32, now: Tick) -> Result<(), (u32, u32)> {
        if let Some(adaptive) = &self.adaptive {
            adaptive.override_limit(limit, now)?;
        }
        self.apply_limit(limit, now);
        Ok(())
    }

    /// Takes over all numbers of another limiter of the same kind; those who wait and those under way stay.
    pub(super) fn reconfigure(&self, config: Config, now: Tick) {
        let reserve = config.reserve();
        let limit = match (config.limit, &self.adaptive) {
            (Limit::Adaptive(tuning), Some(adaptive)) => self.retune(adaptive, tuning, now),
            (limit, _) => limit.initial(),
        };
        {
            let mut gate = self.gate();
            gate.reserve = reserve;
            gate.line.set_queue(config.queue);
            self.slots.set_limit(limit, &reserve);
        }
        self.hand_over(now);
    }

    pub(super) fn is_adaptive(&self) -> bool {
        self.adaptive.is_some()
    }

    pub(super) fn adaptive(&self) -> Option<&Adaptive> {
        self.adaptive.as_ref()
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(super) fn limit(&self) -> u32 {
        self.slots.limit()
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.slots.in_flight()
    }

    pub(super) fn queued(&self) -> usize {
        self.gate().line.len()
    }

    /// Whether a call of whatever priority would be refused, if it does not wait.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.slots.is_full()
    }

    /// Counts a refusal.
    #[cold]
    pub(super) fn refuse(&self, refusal: Refusal) -> Refusal {
        self.tally.refused(refusal);
        refusal
    }

    /// Others wait, but none that this one would have to let go first, if there is a slot for it.
    #[cold]
    fn enter_first(&self, level: Level, now: impl FnOnce() -> Tick) -> Result<Ticket, Refusal> {
        let took = {
            let gate = self.gate();
            self.take_first(&gate, level)
        };
        took.map(|in_flight| self.ticket(in_flight, now))
            .ok_or_else(|| self.refuse(Refusal::Full))
    }

    #[inline(always)]
    fn ticket(&self, in_flight: u32, now: impl FnOnce() -> Tick) -> Ticket {
        match &self.adaptive {
            None => Ticket::new(Tick::ZERO, 0),
            Some(adaptive) => adaptive.enter(in_flight, now()),
        }
    }

    #[cold]
    fn close_window(&self, adaptive: &Adaptive, now: Tick) -> Option<Move> {
        let from = self.limit();
        let to = adaptive.close_window(from, self.in_flight(), now)?;
        if from == to {
            return None;
        }
        self.apply_limit(to, now);
        Some(Move { from, to })
    }

    fn retune(&self, adaptive: &Adaptive, tuning: Tuning, now: Tick) -> u32 {
        adaptive.retune(tuning, self.limit(), now)
    }

    fn apply_limit(&self, limit: u32, now: Tick) {
        {
            let gate = self.gate();
            self.slots.set_limit(limit, &gate.reserve);
        }
        // A higher one has room for some of those who wait.
        self.hand_over(now);
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        lock(&self.gate)
    }
}
