//! Counters of what is rare.

use std::sync::atomic::{AtomicU64, Ordering};

use super::State;

/// Successes are not counted here: the window counts every call once, and they are what remains.
///
/// All accesses are relaxed: each number stands alone.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Results of probes, which no window counts.
    pub(super) probes: Counter,
    pub(super) failures: Counter,
    pub(super) throttled: Counter,
    pub(super) slow: Counter,
    pub(super) ignored: Counter,
    pub(super) late: Counter,
    pub(super) rejected: Counter,
    pub(super) opened: Counter,
    pub(super) half_opened: Counter,
    pub(super) closed: Counter,
    pub(super) forced: Counter,
}

impl Tally {
    pub(super) fn transition_to(&self, state: State) {
        match state {
            State::Closed => self.closed.add_one(),
            State::Open => self.opened.add_one(),
            State::HalfOpen => self.half_opened.add_one(),
            State::ForcedOpen | State::Disabled | State::MetricsOnly => self.forced.add_one(),
        }
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
