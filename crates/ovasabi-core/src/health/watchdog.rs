//! What liveness may look at: this process alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use super::Status;
use crate::reject::Name;
use crate::time::{Clock, Tick};

/// The promise of a loop to turn: [`feed`](Watchdog::feed) it on each turn.
///
/// It counts as down when it was not fed for longer than its limit, or was dropped by a panic. Dropped
/// otherwise, it leaves its group: the loop has ended on purpose.
#[derive(Debug)]
#[must_use = "dropping a watchdog takes it out of its group"]
pub struct Watchdog {
    dog: Arc<Dog>,
}

/// What a watchdog and its group share. Relaxed throughout: each value stands alone.
#[derive(Debug)]
pub(super) struct Dog {
    pub(super) name: Name,
    limit: Duration,
    clock: Clock,
    /// The tick of the last meal.
    fed: AtomicU64,
    end: AtomicU8,
}

const ALIVE: u8 = 0;
const LEFT: u8 = 1;
const PANICKED: u8 = 2;

impl Watchdog {
    pub(super) fn new(dog: Arc<Dog>) -> Self {
        Self { dog }
    }

    /// Says that the loop turns.
    pub fn feed(&self) {
        self.dog.feed();
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let end = if std::thread::panicking() {
            PANICKED
        } else {
            LEFT
        };
        self.dog.end.store(end, Ordering::Relaxed);
    }
}

impl Dog {
    pub(super) fn new(name: Name, limit: Duration, clock: Clock) -> Self {
        let dog = Self {
            name,
            limit,
            clock,
            fed: AtomicU64::new(0),
            end: AtomicU8::new(ALIVE),
        };
        dog.feed();
        dog
    }

    fn feed(&self) {
        self.fed
            .store(self.clock.now().as_nanos(), Ordering::Relaxed);
    }

    pub(super) fn has_left(&self) -> bool {
        self.end.load(Ordering::Relaxed) == LEFT
    }

    pub(super) fn status(&self) -> Status {
        if self.end.load(Ordering::Relaxed) == PANICKED {
            return Status::down("its loop panicked");
        }
        let fed = Tick::from_nanos(self.fed.load(Ordering::Relaxed));
        let hungry = self.clock.now().saturating_since(fed);
        if hungry > self.limit {
            return Status::down(format!(
                "not fed for {hungry:?}, the limit is {:?}",
                self.limit
            ));
        }
        Status::Up
    }
}
