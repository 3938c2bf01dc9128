//! What a limiter goes by, and what it says.

use std::time::Duration;

use ovasabi_core::classify::Priority;
use ovasabi_core::reject::RejectKind;

/// What a [`Limiter`](super::Limiter) goes by. The defaults are those of a `Queue`, of no places.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimiterRules {
    /// How many at once; default 1.
    pub limit: u32,
    /// How many may wait; default 0.
    pub length: usize,
    /// In which order those of one priority go; default [`Order::Fifo`].
    pub order: Order,
    /// How long one waits at most; default 1 s.
    pub max_wait: Duration,
    /// For how long the queue must not have been empty to be under pressure; default 100 ms.
    pub interval: Duration,
    /// How long one that comes under pressure waits at most, with [`Order::Codel`]; default 5 ms.
    pub target: Duration,
    /// Which share of the limit is kept for a priority and those above it, in hundredths; default none.
    pub reserved: Vec<(Priority, u32)>,
}

/// In which order those go who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they came.
    Fifo,
    /// As they came; under pressure the newest first.
    AdaptiveLifo,
    /// The same, and under pressure they wait for the target only.
    Codel,
}

/// What becomes of one who asked for a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is not decided.
    Waits,
    /// It has a slot.
    Admitted,
    /// It has none, for this reason.
    Refused(RejectKind),
}

impl Default for LimiterRules {
    fn default() -> Self {
        Self {
            limit: 1,
            length: 0,
            order: Order::Fifo,
            max_wait: Duration::from_secs(1),
            interval: Duration::from_millis(100),
            target: Duration::from_millis(5),
            reserved: Vec::new(),
        }
    }
}
