//! The list of those who wait.

use std::time::Duration;

use ovasabi_core::classify::Priority;
use ovasabi_core::reject::RejectKind;

use super::{Fate, Limiter, Order};

#[derive(Clone, Copy, Debug)]
pub(super) struct Waiter {
    pub(super) name: u64,
    pub(super) priority: Priority,
    pub(super) until: Duration,
    pub(super) why: RejectKind,
    pub(super) fate: Fate,
}

impl Limiter {
    /// How many slots one of this priority may find taken and still get one.
    pub(super) fn cap(&self, priority: Priority) -> u32 {
        let reserved = self.rules.reserved.iter();
        let above = reserved.filter(|(of, _)| *of > priority);
        let hundredths: u32 = above.map(|(_, share)| share).sum();
        let kept = (self.rules.limit * hundredths).div_ceil(100);
        self.rules.limit.saturating_sub(kept).max(1)
    }

    pub(super) fn is_busy_for_long(&self) -> bool {
        self.now.saturating_sub(self.busy_since) >= self.rules.interval
    }

    /// Gives out what is free.
    pub(super) fn serve(&mut self) {
        loop {
            let queue = self.queue();
            let Some(highest) = queue.iter().map(|waiter| waiter.priority).max() else {
                return;
            };
            let mut of_it = queue.iter().filter(|waiter| waiter.priority == highest);
            let newest_first = self.rules.order != Order::Fifo && self.is_busy_for_long();
            let next = if newest_first {
                of_it.next_back()
            } else {
                of_it.next()
            };
            let Some(next) = next.copied() else { return };
            if next.until <= self.now {
                self.set(next.name, Fate::Refused(next.why));
            } else if self.enter(highest) {
                self.set(next.name, Fate::Admitted);
            } else {
                return;
            }
        }
    }

    pub(super) fn queue(&self) -> Vec<Waiter> {
        let waiters = self.waiters.iter().copied();
        waiters
            .filter(|waiter| waiter.fate == Fate::Waits)
            .collect()
    }

    pub(super) fn find(&self, name: u64) -> Waiter {
        let mut waiters = self.waiters.iter();
        let found = waiters.find(|waiter| waiter.name == name);
        *found.expect("somebody of that name waits")
    }

    pub(super) fn set(&mut self, name: u64, fate: Fate) {
        for waiter in &mut self.waiters {
            if waiter.name == name {
                waiter.fate = fate;
            }
        }
    }

    pub(super) fn forget(&mut self, name: u64) {
        self.waiters.retain(|waiter| waiter.name != name);
    }
}
