//! The decision: numbers in, a pause or a reason out. No clock, no randomness of its own, no state.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::backoff::{Backoff, Exponential};
use ovasabi_core::classify::{Class, Facts, Retry, Verdict};

/// The validated numbers of a policy.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) max_attempts: NonZeroU32,
    pub(super) pauses: Pauses,
    pub(super) cap: Duration,
    pub(super) max_retry_after: Duration,
    pub(super) min_attempt_time: Duration,
    pub(super) per_try_timeout: Option<Duration>,
    pub(super) overflow: Overflow,
}

/// How long to pause.
#[derive(Clone, Debug)]
pub(super) enum Pauses {
    /// Full jitter, from one base for failures and another for throttled calls.
    Full {
        failure: Exponential,
        throttled: Exponential,
    },
    Custom(Arc<dyn Backoff>),
}

/// What becomes of a retry when the service inside is not ready for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// It waits, after the pause, until the service is ready: the default.
    #[default]
    Wait,
    /// The service is asked before the result is dropped; if it is not ready, the result is given back.
    ///
    /// A clone of the service is asked and dropped, so that nothing is kept reserved during the pause. What is
    /// not ready after the pause is waited for.
    Return,
}

/// All that a decision depends on, apart from the rules.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation<'a> {
    pub(super) facts: &'a Facts,
    pub(super) verdict: &'a Verdict,
    /// Attempts that were made.
    pub(super) attempts: u32,
    /// Whether the request can be had once more.
    pub(super) is_replayable: bool,
    /// Time until the deadline of the caller, if there is one.
    pub(super) left: Option<Duration>,
    /// Uniform over all of `u64`.
    pub(super) random: u64,
}

/// Why a result that was no success is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    NotRetryable,
    NotIdempotent,
    Attempts,
    Replay,
    HintTooLong,
    Deadline,
    Budget,
    Overflow,
}

impl Rules {
    /// The pause before the next attempt, or the first gate that is closed. The budget comes after.
    pub(super) fn decide(&self, situation: &Situation<'_>) -> Result<Duration, Reason> {
        let Situation {
            facts,
            verdict,
            attempts,
            is_replayable,
            left,
            random,
        } = *situation;
        match verdict.retry {
            Retry::Safe => {}
            Retry::IfIdempotent if facts.is_idempotent() => {}
            Retry::IfIdempotent => return Err(Reason::NotIdempotent),
            _ => return Err(Reason::NotRetryable),
        }
        // Before the question of a copy, which is not made for the last attempt.
        if attempts >= self.max_attempts.get() {
            return Err(Reason::Attempts);
        }
        if !is_replayable {
            return Err(Reason::Replay);
        }
        let pause = self.pause(verdict, attempts, random)?;
        match left {
            Some(left) if left <= pause.saturating_add(self.min_attempt_time) => {
                Err(Reason::Deadline)
            }
            _ => Ok(pause),
        }
    }

    /// The hint is the least, and the backoff adds to it: those who were told the same time do not come back
    /// together.
    fn pause(&self, verdict: &Verdict, attempts: u32, random: u64) -> Result<Duration, Reason> {
        let hint = verdict.retry_after.unwrap_or_default();
        if hint > self.max_retry_after {
            return Err(Reason::HintTooLong);
        }
        let delay = self.pauses.delay(verdict.class, attempts, random);
        if delay == Duration::MAX {
            return Err(Reason::Attempts);
        }
        Ok(hint.saturating_add(delay.min(self.cap)))
    }
}

impl Pauses {
    fn delay(&self, class: Class, attempts: u32, random: u64) -> Duration {
        match (self, class) {
            (Self::Full { throttled, .. }, Class::Throttled) => throttled.delay(attempts, random),
            (Self::Full { failure, .. }, _) => failure.delay(attempts, random),
            (Self::Custom(backoff), _) => backoff.delay(attempts, random),
        }
    }
}
