//! What passes between the engine and those who use it: plain values.

use std::time::Duration;

use ovasabi_core::classify::{Class, Retry, Verdict};
use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::Tick;

/// An admission. It owes the engine one `leave`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    /// When it was given; zero where nothing needs it.
    entered: Tick,
    /// Nanoseconds to the head, once it is there.
    latency: u64,
    /// Under which numbers it was given: its latency says nothing about later ones.
    pub(super) epoch: u32,
    /// A failure would be the fault of this call alone.
    is_own_fault: bool,
}

const NO_HEAD: u64 = u64::MAX;

impl Ticket {
    #[inline]
    pub(super) fn new(entered: Tick, epoch: u32) -> Self {
        Self {
            entered,
            latency: NO_HEAD,
            epoch,
            is_own_fault: false,
        }
    }

    /// Notes the head of the response: the time to it is the latency of the call, however long its body takes.
    ///
    /// A failure that no retry can mend is a fault of the one call and says nothing about load.
    #[inline]
    #[must_use]
    pub(super) fn at_head(mut self, verdict: &Verdict, now: Tick) -> Self {
        self.latency = nanos(now, self.entered);
        self.is_own_fault = verdict.class == Class::Failure && verdict.retry == Retry::No;
        self
    }

    /// Nanoseconds from entry to the head, or to the end where there was none; and when that was.
    #[inline]
    pub(super) fn latency(&self, now: impl FnOnce() -> Tick) -> (u64, Tick) {
        let latency = if self.latency == NO_HEAD {
            nanos(now(), self.entered)
        } else {
            self.latency
        };
        let at = self.entered.saturating_add(Duration::from_nanos(latency));
        (latency, at)
    }

    /// What its end says.
    #[inline]
    pub(super) fn signal(&self, class: Class) -> Signal {
        match class {
            Class::Success => Signal::Sample,
            Class::Throttled => Signal::Drop,
            Class::Failure if !self.is_own_fault => Signal::Drop,
            Class::Failure | Class::Ignored => Signal::Nothing,
        }
    }
}

#[inline]
fn nanos(now: Tick, entered: Tick) -> u64 {
    now.as_nanos().saturating_sub(entered.as_nanos())
}

/// What the end of a call says about load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// So long it took.
    Sample,
    /// It was too much: a time-out, a service that is not there, or one that asks for less.
    Drop,
    Nothing,
}

/// Why a call was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// All slots that it may have are taken, and it does not wait.
    Full,
    /// As many wait as may.
    QueueFull,
    /// It waited, and gave its place to one of a higher priority.
    Displaced,
    /// It waited for as long as it may.
    QueueTimeout,
    /// Its caller does not wait for longer.
    Deadline,
}

impl Refusal {
    pub(super) const fn kind(self) -> RejectKind {
        match self {
            Self::Full | Self::QueueFull | Self::Displaced => RejectKind::AtCapacity,
            Self::QueueTimeout => RejectKind::QueueTimeout,
            Self::Deadline => RejectKind::DeadlineExceeded,
        }
    }
}
