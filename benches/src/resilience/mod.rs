//! The layers of `ovasabi-resilience` and the peers'.

mod breaker;
mod concurrency;
mod deadline;
mod fallback;
mod rate_limit;
mod retry;
mod shed;
mod stack;

use std::time::Duration;

use crate::{Area, Bare, Case, over};

/// All of them.
pub const AREAS: &[Area] = &[
    Area {
        name: "breaker",
        cases: breaker::CASES,
    },
    Area {
        name: "retry",
        cases: retry::CASES,
    },
    Area {
        name: "rate limit",
        cases: rate_limit::DIRECT,
    },
    Area {
        name: "rate limit, keyed",
        cases: rate_limit::KEYED,
    },
    Area {
        name: "concurrency",
        cases: concurrency::CASES,
    },
    Area {
        name: "deadline",
        cases: deadline::READY,
    },
    Area {
        name: "deadline, pending once",
        cases: deadline::PENDING,
    },
    Area {
        name: "fallback",
        cases: fallback::CASES,
    },
    Area {
        name: "shed",
        cases: shed::CASES,
    },
    Area {
        name: "stack",
        cases: stack::CASES,
    },
];

const BARE: Case = Case::new("bare", || over((), |()| Bare));

/// Longer than any run.
const LONG: Duration = Duration::from_secs(3_600);
