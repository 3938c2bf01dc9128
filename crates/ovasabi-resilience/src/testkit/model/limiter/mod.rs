//! A concurrency limit that looks through a list.

use std::time::Duration;

use ovasabi_core::classify::Priority;
use ovasabi_core::reject::RejectKind;

mod queue;
mod rules;

use queue::Waiter;
pub use rules::{Fate, LimiterRules, Order};

/// So many at once, and the others wait in one list that is looked through from one end to the other.
///
/// Who waits has a name, which the caller chooses, and is told of its fate when it [asks](Self::poll).
///
/// ```
/// use std::time::Duration;
/// use ovasabi_core::classify::Priority::Normal;
/// use ovasabi_core::reject::RejectKind;
/// use ovasabi_resilience::testkit::model::{Fate, Limiter, LimiterRules};
///
/// let mut rules = LimiterRules::default();
/// (rules.limit, rules.length) = (1, 1);
/// let mut limiter = Limiter::new(rules);
/// assert_eq!(limiter.acquire(1, Normal, None), Fate::Admitted);
/// assert_eq!(limiter.acquire(2, Normal, None), Fate::Waits);
/// assert_eq!(limiter.acquire(3, Normal, None), Fate::Refused(RejectKind::AtCapacity));
/// limiter.leave();
/// assert_eq!(limiter.poll(2), Fate::Admitted);
/// ```
#[derive(Clone, Debug)]
pub struct Limiter {
    rules: LimiterRules,
    in_flight: u32,
    now: Duration,
    busy_since: Duration,
    /// In the order in which they came; those that were told are gone.
    waiters: Vec<Waiter>,
}

impl Limiter {
    /// A limiter of which nothing is taken.
    #[must_use]
    pub fn new(rules: LimiterRules) -> Self {
        Self {
            rules,
            in_flight: 0,
            now: Duration::ZERO,
            busy_since: Duration::ZERO,
            waiters: Vec::new(),
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// How many have a slot, those included that wait and have not asked yet.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// How many wait.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue().len()
    }

    /// Takes a slot if there is one now.
    #[must_use]
    pub fn enter(&mut self, priority: Priority) -> bool {
        let admits = self.in_flight < self.cap(priority);
        self.in_flight += u32::from(admits);
        admits
    }

    /// Takes a slot, or waits for one under this name, for as long as the patience of the caller lasts.
    pub fn acquire(&mut self, name: u64, priority: Priority, patience: Option<Duration>) -> Fate {
        if self.enter(priority) {
            return Fate::Admitted;
        }
        let queue = self.queue();
        if queue.len() >= self.rules.length {
            // The newest of the lowest priority gives way to a higher one.
            let lowest = queue.iter().map(|waiter| waiter.priority).min();
            let Some(lowest) = lowest.filter(|lowest| *lowest < priority) else {
                return Fate::Refused(RejectKind::AtCapacity);
            };
            let mut newest_first = queue.iter().rev();
            if let Some(last) = newest_first.find(|waiter| waiter.priority == lowest) {
                self.set(last.name, Fate::Refused(RejectKind::AtCapacity));
            }
        } else if queue.is_empty() {
            self.busy_since = self.now;
        }
        // One that gave way left no gap: the newcomer stands in the same queue.
        let wait = if self.rules.order == Order::Codel && self.is_busy_for_long() {
            self.rules.target
        } else {
            self.rules.max_wait
        };
        let (wait, why) = match patience {
            Some(patience) if patience < wait => (patience, RejectKind::DeadlineExceeded),
            _ => (wait, RejectKind::QueueTimeout),
        };
        self.waiters.push(Waiter {
            name,
            priority,
            until: self.now + wait,
            why,
            fate: Fate::Waits,
        });
        Fate::Waits
    }

    /// What has become of one who waits. Unless it still does, it has been told, and its name is free.
    ///
    /// # Panics
    /// When nobody of that name waits.
    pub fn poll(&mut self, name: u64) -> Fate {
        let waiter = self.find(name);
        let is_late = waiter.until <= self.now;
        let fate = match waiter.fate {
            Fate::Waits if is_late => Fate::Refused(waiter.why),
            Fate::Admitted if is_late && waiter.why == RejectKind::DeadlineExceeded => {
                // It has the slot, and its caller has gone.
                self.forget(name);
                self.leave();
                return Fate::Refused(waiter.why);
            }
            fate => fate,
        };
        if fate != Fate::Waits {
            self.forget(name);
        }
        fate
    }

    /// One who waits does so no longer, and has not been told of anything.
    ///
    /// # Panics
    /// When nobody of that name waits.
    pub fn give_up(&mut self, name: u64) {
        let waiter = self.find(name);
        self.forget(name);
        if waiter.fate == Fate::Admitted {
            self.leave();
        }
    }

    /// Gives a slot back, to the next who waits.
    ///
    /// # Panics
    /// When none is taken.
    pub fn leave(&mut self) {
        assert!(self.in_flight > 0, "no slot is taken");
        self.in_flight -= 1;
        self.serve();
    }

    /// Changes how many there are.
    pub fn set_limit(&mut self, limit: u32) {
        self.rules.limit = limit;
        self.serve();
    }
}
