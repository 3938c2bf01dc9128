//! What passes between the engine and those who use it: plain values.

use std::time::Duration;

use ovasabi_core::classify::{Class, Retry, Verdict};
use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::Tick;

/// An admission. It owes the engine one `leave`.
///
/// Two words, so that it travels in registers and costs two stores where it is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    /// When it was given; zero where nothing needs it.
    entered: Tick,
    /// The epoch (high half), and what the head has said (low half): a latency or one of those below.
    detail: u64,
}

/// What the head may say beside a latency: nothing yet, or that a failure is the fault of this call alone.
const NO_HEAD: u32 = u32::MAX;
const OWN_FAULT: u32 = u32::MAX - 1;
/// Latencies are counted in units of 2¹⁰ ns, up to 73 minutes.
const UNIT_BITS: u32 = 10;

impl Ticket {
    #[inline]
    pub(super) fn new(entered: Tick, epoch: u32) -> Self {
        Self {
            entered,
            detail: u64::from(epoch) << 32 | u64::from(NO_HEAD),
        }
    }

    /// Under which numbers it was given: its latency says nothing about later ones.
    #[inline]
    pub(super) fn epoch(self) -> u32 {
        high(self.detail)
    }

    /// Notes the head of the response: the time to it is the latency of the call, however long its body takes.
    ///
    /// A failure that no retry can mend is a fault of the one call and says nothing about load.
    #[inline(always)]
    #[must_use]
    pub(super) fn at_head(self, verdict: &Verdict, now: Tick) -> Self {
        let said = if verdict.class == Class::Failure && verdict.retry == Retry::No {
            OWN_FAULT
        } else {
            let units = nanos(now, self.entered) >> UNIT_BITS;
            u32::try_from(units).map_or(OWN_FAULT - 1, |units| units.min(OWN_FAULT - 1))
        };
        Self {
            detail: self.detail >> 32 << 32 | u64::from(said),
            ..self
        }
    }

    /// Nanoseconds from entry to the head, or to the end where there was none; and when that was.
    #[inline(always)]
    pub(super) fn latency(self, now: impl FnOnce() -> Tick) -> (u64, Tick) {
        let said = low(self.detail);
        if said == NO_HEAD {
            let now = now();
            return (nanos(now, self.entered), now);
        }
        let latency = u64::from(said) << UNIT_BITS;
        let at = self.entered.saturating_add(Duration::from_nanos(latency));
        (latency, at)
    }

    /// What its end says.
    #[inline(always)]
    pub(super) fn signal(self, class: Class) -> Signal {
        match class {
            Class::Success => Signal::Sample,
            Class::Throttled => Signal::Drop,
            Class::Failure if low(self.detail) != OWN_FAULT => Signal::Drop,
            Class::Failure | Class::Ignored => Signal::Nothing,
        }
    }
}

#[inline]
fn nanos(now: Tick, entered: Tick) -> u64 {
    now.as_nanos().saturating_sub(entered.as_nanos())
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the low half is wanted")]
const fn low(detail: u64) -> u32 {
    detail as u32
}

#[inline]
const fn high(detail: u64) -> u32 {
    low(detail >> 32)
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
