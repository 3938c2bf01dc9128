//! Counters.

use std::sync::atomic::{AtomicU64, Ordering};

use ovasabi_core::inspect::Metric;

use super::ticket::Limit;

/// What was counted since a [`Deadline`](super::Deadline) was built. Calls that end in time are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Calls that had no time left before they began: none was started.
    pub refused: u64,
    /// Calls cut off before the head of the response, at the policy's own limit.
    pub head_own: u64,
    /// Calls cut off before the head of the response, at the caller's deadline.
    pub head_caller: u64,
    /// Bodies cut off at the policy's own limit.
    pub body_own: u64,
    /// Bodies cut off at the caller's deadline.
    pub body_caller: u64,
    /// Bodies cut off because no frame came for too long.
    pub body_idle: u64,
}

/// Which part of a response was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Head,
    Body,
}

/// All accesses are relaxed: each number stands alone.
#[derive(Debug, Default)]
pub(super) struct Tally {
    refused: AtomicU64,
    head_own: AtomicU64,
    head_caller: AtomicU64,
    body_own: AtomicU64,
    body_caller: AtomicU64,
    body_idle: AtomicU64,
}

impl Tally {
    pub(super) fn refused(&self) {
        add_one(&self.refused);
    }

    pub(super) fn cut_off(&self, part: Part, by: Limit) {
        add_one(match (part, by) {
            (Part::Head, Limit::Own) => &self.head_own,
            (Part::Head, Limit::Caller) => &self.head_caller,
            (Part::Body, Limit::Own) => &self.body_own,
            (Part::Body, Limit::Caller) => &self.body_caller,
            (Part::Head | Part::Body, Limit::Idle) => &self.body_idle,
        });
    }

    pub(super) fn totals(&self) -> Totals {
        Totals {
            refused: value(&self.refused),
            head_own: value(&self.head_own),
            head_caller: value(&self.head_caller),
            body_own: value(&self.body_own),
            body_caller: value(&self.body_caller),
            body_idle: value(&self.body_idle),
        }
    }
}

impl Totals {
    pub(super) fn metrics(&self) -> [Metric; 6] {
        let cut_off = |labels, count| {
            let help = "calls and bodies cut off, by whose time was up";
            Metric::counter("deadline.exceeded", help, count).labels(labels)
        };
        [
            Metric::counter(
                "deadline.refused",
                "calls that had no time left before they began",
                self.refused,
            ),
            cut_off(&[("part", "head"), ("limit", "own")], self.head_own),
            cut_off(&[("part", "head"), ("limit", "caller")], self.head_caller),
            cut_off(&[("part", "body"), ("limit", "own")], self.body_own),
            cut_off(&[("part", "body"), ("limit", "caller")], self.body_caller),
            cut_off(&[("part", "body"), ("limit", "idle")], self.body_idle),
        ]
    }
}

fn add_one(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn value(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
