//! What a policy counts, none of it on the way of a success at the first try.

use std::sync::atomic::{AtomicU64, Ordering};

use ovasabi_core::inspect::{Labels, Metric};

use super::rules::Reason;

/// What was counted since a policy was built.
///
/// A request that succeeds at the first try is in none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Requests that were sent more than once.
    pub requests: u64,
    /// Attempts after the first.
    pub attempts: u64,
    /// Requests whose last attempt, after the first, ended well.
    pub recovered: u64,
    /// Attempts that took longer than `per_try_timeout`.
    pub timed_out: u64,
    /// Failures given back because a retry could not help, or was forbidden by the server.
    pub not_retryable: u64,
    /// Failures given back because the request may have been done, and doing it twice is not the same.
    pub not_idempotent: u64,
    /// Failures given back because all attempts were made, or the backoff gave up.
    pub attempts_exhausted: u64,
    /// Failures given back because the request could not be had once more.
    pub not_replayable: u64,
    /// Failures given back because the server asked for a longer pause than `max_retry_after`.
    pub hint_too_long: u64,
    /// Failures given back because too little time was left.
    pub deadline: u64,
    /// Failures given back because the budget was used up.
    pub budget: u64,
    /// Failures given back because the service was not ready for more, under `Overflow::Return`.
    pub overflow: u64,
}

/// All accesses are relaxed: each number stands alone.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: Counter,
    pub(super) attempts: Counter,
    pub(super) recovered: Counter,
    pub(super) timed_out: Counter,
    not_retryable: Counter,
    not_idempotent: Counter,
    attempts_exhausted: Counter,
    not_replayable: Counter,
    hint_too_long: Counter,
    deadline: Counter,
    budget: Counter,
    overflow: Counter,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tally {
    pub(super) fn given_back(&self, reason: Reason) {
        match reason {
            Reason::NotRetryable => &self.not_retryable,
            Reason::NotIdempotent => &self.not_idempotent,
            Reason::Attempts => &self.attempts_exhausted,
            Reason::Replay => &self.not_replayable,
            Reason::HintTooLong => &self.hint_too_long,
            Reason::Deadline => &self.deadline,
            Reason::Budget => &self.budget,
            Reason::Overflow => &self.overflow,
        }
        .add_one();
    }

    pub(super) fn totals(&self) -> Totals {
        Totals {
            requests: self.requests.value(),
            attempts: self.attempts.value(),
            recovered: self.recovered.value(),
            timed_out: self.timed_out.value(),
            not_retryable: self.not_retryable.value(),
            not_idempotent: self.not_idempotent.value(),
            attempts_exhausted: self.attempts_exhausted.value(),
            not_replayable: self.not_replayable.value(),
            hint_too_long: self.hint_too_long.value(),
            deadline: self.deadline.value(),
            budget: self.budget.value(),
            overflow: self.overflow.value(),
        }
    }
}

impl Totals {
    pub(super) fn metrics(&self) -> [Metric; 12] {
        let given_back = |labels: Labels, count| {
            Metric::counter("retry.given_back", "failures given back, by reason", count)
                .labels(labels)
        };
        [
            Metric::counter(
                "retry.requests",
                "requests sent more than once",
                self.requests,
            ),
            Metric::counter("retry.attempts", "attempts after the first", self.attempts),
            Metric::counter(
                "retry.recovered",
                "requests that a retry saved",
                self.recovered,
            ),
            Metric::counter(
                "retry.timed_out",
                "attempts that were too slow",
                self.timed_out,
            ),
            given_back(&[("reason", "not_retryable")], self.not_retryable),
            given_back(&[("reason", "not_idempotent")], self.not_idempotent),
            given_back(&[("reason", "attempts")], self.attempts_exhausted),
            given_back(&[("reason", "replay")], self.not_replayable),
            given_back(&[("reason", "hint_too_long")], self.hint_too_long),
            given_back(&[("reason", "deadline")], self.deadline),
            given_back(&[("reason", "budget")], self.budget),
            given_back(&[("reason", "overflow")], self.overflow),
        ]
    }
}
