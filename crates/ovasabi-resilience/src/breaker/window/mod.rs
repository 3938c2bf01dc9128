//! What the last calls were like.
//!
//! Three windows with one face: each call is recorded with one locked operation, whatever the load, and
//! nothing is ever walked but ten words.

mod calls;
mod exact;
mod ring;
mod time;

use std::time::Duration;

use ovasabi_core::time::Tick;

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
    pub(super) fn time(length: Duration) -> Self {
        Self::Time(TimeWindow::new(length))
    }

    pub(super) fn calls(length: u32) -> Self {
        if length <= ExactWindow::LONGEST {
            Self::Exact(ExactWindow::new(length))
        } else {
            Self::Calls(CallWindow::new(length))
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
