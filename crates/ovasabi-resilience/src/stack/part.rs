//! The parts of a stack, in the one order that works.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A part of a stack. Listed outermost first: a request meets them in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Part {
    /// The time of the whole call, with all its attempts.
    Deadline,
    /// Refuses by chance while a service accepts too little.
    Throttle,
    /// Refuses what a server has no time for, the least important first. Clients have none.
    LoadShed,
    /// So much and no more.
    RateLimit,
    /// Try again, within a budget.
    Retry,
    /// Stop calling what is down.
    Breaker,
    /// The time of one attempt.
    Timeout,
    /// At most so many at once.
    Concurrency,
}

impl Part {
    /// All parts of a client, in their order.
    pub const ALL: [Self; 7] = [
        Self::Deadline,
        Self::Throttle,
        Self::RateLimit,
        Self::Retry,
        Self::Breaker,
        Self::Timeout,
        Self::Concurrency,
    ];

    /// What configuration and [`explain`](super::ClientStack::explain) call it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Throttle => "throttle",
            Self::LoadShed => "load_shed",
            Self::RateLimit => "rate_limit",
            Self::Retry => "retry",
            Self::Breaker => "breaker",
            Self::Timeout => "timeout",
            Self::Concurrency => "concurrency",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
