//! Where an application is in its life.

use std::fmt;

/// Where an application is in its life. Phases only go forward, and are ordered so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Components start, one after the other. Not ready.
    Starting,
    /// All are started. Ready.
    Serving,
    /// A stop was asked for: no longer ready, but every request is still answered.
    Draining,
    /// Components stop, in the reverse order.
    Stopping,
    /// Nothing runs any more.
    Stopped,
}

impl Phase {
    pub(super) const LABELS: &'static [&'static str] =
        &["starting", "serving", "draining", "stopping", "stopped"];

    /// A stable label for logs and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Serving => "serving",
            Self::Draining => "draining",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
