//! What passes between the engine and those who use it: plain values.

use std::time::Duration;

use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::Tick;

use super::Transition;
use super::half_open::Lease;
use super::word::Word;

/// An admission. It owes the engine one `leave`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    /// The state word under which it was given: another one later makes its result void.
    pub(super) word: Word,
    /// When it was given; zero where nothing needs it.
    pub(super) entered: Tick,
    /// The slot of a probe.
    pub(super) lease: Option<Lease>,
}

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) kind: RejectKind,
    pub(super) retry_after: Duration,
}

/// An answer of the engine, and the transition that it made on the way.
#[derive(Debug)]
#[must_use = "somebody may be listening for the transition"]
pub(super) struct Step<T> {
    pub(super) answer: T,
    pub(super) transition: Option<Transition>,
}

impl<T> Step<T> {
    #[inline]
    pub(super) fn still(answer: T) -> Self {
        Self {
            answer,
            transition: None,
        }
    }
}
