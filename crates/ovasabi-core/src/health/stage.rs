//! Where a process is, as far as its probes need it.

use serde::Serialize;

/// Where a process is in its life, as far as its probes need it. Stages only go forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Not ready yet.
    Starting,
    /// As ready as its checks.
    Serving,
    /// Not ready any more.
    Draining,
}

impl Stage {
    /// A stable label for logs and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Serving => "serving",
            Self::Draining => "draining",
        }
    }

    pub(super) const LABELS: &'static [&'static str] = &["starting", "serving", "draining"];
}
