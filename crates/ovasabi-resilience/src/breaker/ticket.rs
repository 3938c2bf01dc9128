//! What passes between the engine and those who use it: plain values.

use std::time::Duration;

use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::Tick;

use super::Transition;
use super::half_open::Lease;
use super::word::{Phase, Word};

/// An admission. It owes the engine one `leave`.
///
/// Two words, so that it travels in registers and costs two stores where it is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    /// The state word under which it was given: another one later makes its result void.
    pub(super) word: Word,
    /// What [`Ticket::entered`] and [`Ticket::lease`] read: a probe has a lease, other calls a time of entry.
    detail: u64,
}

impl Ticket {
    #[inline]
    pub(super) fn call(word: Word, entered: Tick) -> Self {
        Self {
            word,
            detail: entered.as_nanos(),
        }
    }

    pub(super) fn probe(word: Word, lease: Lease) -> Self {
        Self {
            word,
            detail: lease.bits(),
        }
    }

    /// When it was given; [`Tick::MAX`] where nothing needed it, and nothing sensible for a probe.
    #[inline]
    pub(super) fn entered(self) -> Tick {
        Tick::from_nanos(self.detail)
    }

    /// Whether it is counted among the calls under way.
    pub(super) fn is_watched(self) -> bool {
        self.word.watch() != 0 && self.word.is_closed()
    }

    /// The slot of a probe.
    pub(super) fn lease(self) -> Option<Lease> {
        (self.word.phase() == Phase::HalfOpen).then_some(Lease::from_bits(self.detail))
    }
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
