//! What the last calls were like.
//!
//! Three windows with one face: each call is recorded with one locked operation, whatever the load, and
//! nothing is ever walked but ten words.

mod calls;
mod exact;
mod ring;
mod time;

use ovasabi_core::time::Tick;

use super::config::Length;
use calls::CallWindow;
use exact::ExactWindow;
use time::TimeWindow;

/// How a recorded call counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) failed: bool,
    pub(super) slow: bool,
}

impl Outcome {
    pub(super) const SUCCESS: Self = Self {
        failed: false,
        slow: false,
    };
}

/// The calls in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) calls: u64,
    pub(super) failures: u64,
    pub(super) slow: u64,
}

#[derive(Debug)]
pub(super) enum Window {
    Time(TimeWindow),
    Exact(ExactWindow),
    Calls(CallWindow),
}

impl Window {
    pub(super) fn new(length: Length) -> Self {
        match length {
            Length::Time(length) => Self::Time(TimeWindow::new(length)),
            Length::Calls(calls) if calls <= ExactWindow::LONGEST => {
                Self::Exact(ExactWindow::new(calls))
            }
            Length::Calls(calls) => Self::Calls(CallWindow::new(calls)),
        }
    }

    /// What its length may become while it runs, if `length` is of another kind.
    pub(super) fn refuses(&self, length: Length) -> Option<&'static str> {
        match (self, length) {
            (Self::Time(_), Length::Calls(_)) => Some("a time, as it was built with"),
            (Self::Exact(_), Length::Calls(..=ExactWindow::LONGEST)) => None,
            (Self::Exact(_), _) => Some("up to 64 calls, as it was built with"),
            (Self::Calls(_), Length::Time(_) | Length::Calls(..=ExactWindow::LONGEST)) => {
                Some("more than 64 calls, as it was built with")
            }
            (Self::Time(_), Length::Time(_)) | (Self::Calls(_), Length::Calls(_)) => None,
        }
    }

    /// Takes another length of its kind, and keeps what calls it can; other kinds change nothing.
    pub(super) fn resize(&self, length: Length, now: Tick) {
        match (self, length) {
            (Self::Time(window), Length::Time(length)) => window.resize(length, now),
            (Self::Exact(window), Length::Calls(calls)) => window.resize(calls),
            (Self::Calls(window), Length::Calls(calls)) => window.resize(calls),
            (Self::Time(_), Length::Calls(_))
            | (Self::Exact(_) | Self::Calls(_), Length::Time(_)) => {}
        }
    }

    /// A tenth of it in nanoseconds, if it is one of time.
    pub(super) fn tenth(&self) -> Option<u64> {
        match self {
            Self::Time(window) => Some(window.width()),
            Self::Exact(_) | Self::Calls(_) => None,
        }
    }

    /// Whether it needs to know the time.
    pub(super) fn is_timed(&self) -> bool {
        matches!(self, Self::Time(_))
    }

    /// Tells it the time: a call that is counted from now on is one of `now`, or later.
    #[inline]
    pub(super) fn turn(&self, now: Tick) {
        if let Self::Time(window) = self {
            window.turn(now);
        }
    }

    /// Counts a call, and tells whether it may have raised a rate even if it was well: by reaching `minimum`
    /// calls, or by beginning a bucket, when the oldest drops out. Any other success lowers rates that were
    /// judged before.
    #[inline]
    pub(super) fn record(&self, outcome: Outcome, minimum: u64) -> bool {
        match self {
            Self::Time(window) => window.record(outcome, minimum),
            Self::Exact(window) => window.record(outcome, minimum),
            Self::Calls(window) => window.record(outcome, minimum),
        }
    }

    /// The calls in the window at `now`.
    pub(super) fn sum(&self, now: Tick) -> Sum {
        match self {
            Self::Time(window) => window.sum(now),
            Self::Exact(window) => window.sum(),
            Self::Calls(window) => window.sum(),
        }
    }

    /// Forgets all calls, but not how many there ever were.
    pub(super) fn clear(&self) {
        match self {
            Self::Time(window) => window.clear(),
            Self::Exact(window) => window.clear(),
            Self::Calls(window) => window.clear(),
        }
    }

    /// Whether the whole window lies after `since`, when it was last cleared.
    pub(super) fn has_turned(&self, since: Tick, now: Tick) -> bool {
        match self {
            Self::Time(window) => window.has_turned(since, now),
            Self::Exact(window) => window.is_full(),
            Self::Calls(window) => window.is_full(),
        }
    }

    /// How many calls there ever were.
    pub(super) fn lifetime(&self) -> u64 {
        match self {
            Self::Time(window) => window.lifetime(),
            Self::Exact(window) => window.lifetime(),
            Self::Calls(window) => window.lifetime(),
        }
    }
}
