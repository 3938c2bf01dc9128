//! The line of those who wait: who is next, who is late, who gives way. Pure: time in, decisions out.

use std::collections::BTreeMap;
use std::mem;
use std::task::Waker;

use ovasabi_core::time::Tick;

use super::super::level::Level;
use super::super::ticket::{Refusal, Ticket};
use super::{Order, Queue};

/// Where somebody waits: sorted by priority, the highest first, and by arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Place {
    rank: u8,
    number: u64,
}

/// What became of a place.
#[derive(Debug)]
pub(in super::super) enum Done {
    Admitted(Ticket),
    Refused(Refusal),
}

/// Until when somebody waits, and why no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Late {
    pub(in super::super) at: Tick,
    pub(in super::super) why: Refusal,
}

#[derive(Debug)]
struct Waiter {
    late: Late,
    waker: Waker,
}

#[derive(Debug)]
pub(in super::super) struct Line {
    queue: Queue,
    waiting: BTreeMap<Place, Waiter>,
    /// Decided, and not yet told.
    done: BTreeMap<Place, Done>,
    next_number: u64,
    /// Since when it has not been empty.
    busy_since: Tick,
}

impl Line {
    pub(in super::super) fn new(queue: Queue) -> Self {
        Self {
            queue,
            waiting: BTreeMap::new(),
            done: BTreeMap::new(),
            next_number: 0,
            busy_since: Tick::ZERO,
        }
    }

    /// Changes the rules. Those who wait keep their place and their time.
    pub(in super::super) fn set_queue(&mut self, queue: Queue) {
        self.queue = queue;
    }

    pub(in super::super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(in super::super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether nobody waits of this level or above.
    pub(in super::super) fn is_first(&self, level: Level) -> bool {
        let first = self.waiting.first_key_value();
        first.is_none_or(|(place, _)| place.rank > rank(level))
    }

    /// Joins, until `deadline` at the latest; and who gave way, to be woken.
    ///
    /// Where the line is full, the last to come of the lowest priority gives way to a higher one.
    pub(in super::super) fn join(
        &mut self,
        level: Level,
        deadline: Option<Tick>,
        now: Tick,
        waker: &Waker,
    ) -> Result<(Place, Late, Option<Waker>), Refusal> {
        let rank = rank(level);
        let mut displaced = None;
        if self.waiting.len() >= usize::try_from(self.queue.length).unwrap_or(usize::MAX) {
            let refusal = self.refusal();
            let last = self
                .waiting
                .last_entry()
                .filter(|last| last.key().rank > rank);
            let (place, waiter) = last.ok_or(refusal)?.remove_entry();
            self.done.insert(place, Done::Refused(Refusal::Displaced));
            displaced = Some(waiter.waker);
        } else if self.waiting.is_empty() {
            self.busy_since = now;
        }
        let late = self.late(deadline, now);
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        let place = Place { rank, number };
        let waker = waker.clone();
        self.waiting.insert(place, Waiter { late, waker });
        Ok((place, late, displaced))
    }

    /// Decides about the next one, if it is late or `admit` gives a ticket; the waker to wake it with.
    pub(in super::super) fn serve(
        &mut self,
        now: Tick,
        admit: impl FnOnce(Level) -> Option<Ticket>,
        refused: impl FnOnce(Refusal),
    ) -> Option<Waker> {
        let place = self.next(now)?;
        let late = self.waiting.get(&place)?.late;
        let done = if late.at <= now {
            refused(late.why);
            Done::Refused(late.why)
        } else {
            Done::Admitted(admit(level(place.rank))?)
        };
        let waiter = self.waiting.remove(&place)?;
        self.done.insert(place, done);
        Some(waiter.waker)
    }

    /// What has been decided about a place, told once; before that, `waker` is whom to wake. And the waker that
    /// it had, to be dropped outside of any lock: that may drop a task, which may come back here.
    pub(in super::super) fn ask(
        &mut self,
        place: Place,
        waker: &Waker,
    ) -> (Option<Done>, Option<Waker>) {
        match self.waiting.get_mut(&place) {
            Some(waiter) if waiter.waker.will_wake(waker) => (None, None),
            Some(waiter) => (None, Some(mem::replace(&mut waiter.waker, waker.clone()))),
            None => (self.done.remove(&place), None),
        }
    }

    /// Leaves the line; what had been decided before, if anything. And the waker, to be dropped as by
    /// [`Line::ask`].
    pub(in super::super) fn quit(&mut self, place: Place) -> (Option<Done>, Option<Waker>) {
        let waiter = self.waiting.remove(&place);
        (self.done.remove(&place), waiter.map(|waiter| waiter.waker))
    }

    fn next(&self, now: Tick) -> Option<Place> {
        let (&first, _) = self.waiting.first_key_value()?;
        if !self.is_pressed(now) {
            return Some(first);
        }
        let last = Place {
            number: u64::MAX,
            ..first
        };
        self.waiting
            .range(first..=last)
            .next_back()
            .map(|(&place, _)| place)
    }

    /// Whether the newest goes first now.
    fn is_pressed(&self, now: Tick) -> bool {
        self.queue.order != Order::Fifo
            && now.saturating_since(self.busy_since) >= self.queue.interval
    }

    fn late(&self, deadline: Option<Tick>, now: Tick) -> Late {
        let is_short = self.queue.order == Order::Codel && self.is_pressed(now);
        let wait = if is_short {
            self.queue.target
        } else {
            self.queue.max_wait
        };
        let own = now.saturating_add(wait);
        match deadline {
            Some(at) if at < own => Late {
                at,
                why: Refusal::Deadline,
            },
            _ => Late {
                at: own,
                why: Refusal::QueueTimeout,
            },
        }
    }

    fn refusal(&self) -> Refusal {
        if self.queue.length == 0 {
            Refusal::Full
        } else {
            Refusal::QueueFull
        }
    }
}

const fn rank(level: Level) -> u8 {
    Level::HIGHEST.number().saturating_sub(level.number())
}

const fn level(rank: u8) -> Level {
    Level::from_number(Level::HIGHEST.number().saturating_sub(rank))
}
