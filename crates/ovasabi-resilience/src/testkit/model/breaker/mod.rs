//! A circuit breaker that keeps every call.

mod look;
mod phase;
mod rules;
mod window;

use std::time::Duration;

use ovasabi_core::classify::Class;

use phase::{Phase, Slot};
pub use rules::BreakerRules;
use window::Record;

use crate::breaker::State;

/// A circuit breaker that keeps a record of each call, and reckons all shares anew each time.
///
/// Breaks double, without jitter. What may depend on chance or on other threads is not in it, and neither are modes
/// and `Retry-After`.
///
/// ```
/// use ovasabi_core::classify::Class;
/// use ovasabi_resilience::breaker::State;
/// use ovasabi_resilience::testkit::model::{Breaker, BreakerRules};
///
/// let mut rules = BreakerRules::default();
/// rules.consecutive_failures = Some(2);
/// let mut breaker = Breaker::new(rules);
/// for _ in 0..2 {
///     let call = breaker.enter().unwrap();
///     breaker.leave(call, Class::Failure);
/// }
/// assert_eq!(breaker.state(), State::Open);
/// assert!(breaker.enter().is_none());
/// breaker.pass(rules.wait_duration_in_open);
/// assert_eq!(breaker.state(), State::HalfOpen);
/// ```
#[derive(Clone, Debug)]
pub struct Breaker {
    rules: BreakerRules,
    phase: Phase,
    now: Duration,
    /// The newest tenth of a time window.
    newest: u128,
    breaks: u32,
    generation: u64,
    next_lease: u64,
    /// Calls that are under way, of all generations.
    under_way: Vec<Admission>,
    /// When it looks at them next.
    next_look: Duration,
}

/// A call that is under way. It owes its model one [`Breaker::leave`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    generation: u64,
    entered: Duration,
    lease: Option<u64>,
}

impl Breaker {
    /// A closed breaker that knows of no call, at the start of its clock.
    #[must_use]
    pub fn new(rules: BreakerRules) -> Self {
        Self {
            rules,
            phase: Phase::closed(Duration::ZERO),
            now: Duration::ZERO,
            newest: 0,
            breaks: 0,
            generation: 0,
            next_lease: 0,
            under_way: Vec::new(),
            next_look: Duration::ZERO,
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// Lets the clock go back, as far as to its start. Not for rules that count calls under way as slow.
    pub fn go_back(&mut self, time: Duration) {
        self.now = self.now.saturating_sub(time);
    }

    /// How long after the start of its clock it is.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    /// What it is now.
    #[must_use]
    pub fn state(&self) -> State {
        match &self.phase {
            Phase::Closed { .. } => State::Closed,
            Phase::Open { until } if self.now < *until => State::Open,
            Phase::Open { .. } | Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    /// How many transitions there were, resets included.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Admits a call, or does not.
    pub fn enter(&mut self) -> Option<Admission> {
        match &self.phase {
            Phase::Open { until } if self.now < *until => return None,
            Phase::Open { .. } => {
                self.become_(Phase::half_open(self.rules.permitted_calls_in_half_open))
            }
            Phase::Closed { .. } => {
                self.turn();
                if self.look() {
                    return None;
                }
            }
            Phase::HalfOpen { .. } => {}
        }
        let now = self.now;
        let mut lease = None;
        if let Phase::HalfOpen { slots, .. } = &mut self.phase {
            let slot = slots.iter_mut().find(|slot| slot.is_free(now))?;
            self.next_lease += 1;
            *slot = Slot::Leased {
                lease: self.next_lease,
                until: now + self.rules.probe_lease,
            };
            lease = Some(self.next_lease);
        }
        let admission = Admission {
            generation: self.generation,
            entered: now,
            lease,
        };
        self.under_way.push(admission);
        Some(admission)
    }

    /// Ends a call. [`Class::Ignored`] is one that was dropped, too.
    ///
    /// # Panics
    /// When it has ended before.
    pub fn leave(&mut self, call: Admission, class: Class) {
        let place = self.under_way.iter().position(|other| *other == call);
        self.under_way.swap_remove(place.expect("it is under way"));
        if call.generation != self.generation {
            return;
        }
        let record = self.record(call, class);
        match &mut self.phase {
            Phase::Open { .. } => {}
            Phase::HalfOpen {
                slots,
                done,
                failures,
                slow,
            } => {
                let mine = |slot: &&mut Slot| call.lease.is_some_and(|lease| slot.is_of(lease));
                let Some(slot) = slots.iter_mut().find(mine) else {
                    return;
                };
                if class == Class::Ignored || slot.is_free(self.now) {
                    *slot = Slot::Free;
                    return;
                }
                *slot = Slot::Spent;
                *done += 1;
                *failures += u32::from(record.failed);
                *slow += u32::from(record.slow);
                self.decide();
            }
            Phase::Closed { records, run, .. } => {
                match class {
                    Class::Ignored => return,
                    Class::Success => *run = 0,
                    Class::Failure => *run += 1,
                    Class::Throttled => {}
                }
                records.push_back(record);
                window::slide(records, self.rules.window, self.newest);
                if self.is_broken() {
                    self.open();
                }
            }
        }
    }

    /// Closes it, with everything forgotten.
    pub fn reset(&mut self) {
        self.breaks = 0;
        self.become_(Phase::closed(self.now));
    }

    /// The record of a call that ends now.
    fn record(&mut self, call: Admission, class: Class) -> Record {
        let slow = self.rules.slow_call_duration;
        // A success that needs no second reading of the clock is of the time of the last call that came.
        let is_timed = class != Class::Success || slow.is_some();
        if is_timed && class != Class::Ignored && matches!(self.phase, Phase::Closed { .. }) {
            self.turn();
        }
        Record {
            tenth: self.newest,
            failed: class != Class::Success,
            slow: slow.is_some_and(|slow| self.now.saturating_sub(call.entered) >= slow),
        }
    }

    fn turn(&mut self) {
        if let Some(tenth) = window::tenth(self.rules.window) {
            self.newest = self.newest.max(self.now.as_nanos() / tenth.as_nanos());
        }
    }
}
