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

#[cfg(test)]
mod tests {
    use ovasabi_core::backoff::Constant;
    use proptest::prelude::*;

    use super::*;

    const MILLI: Duration = Duration::from_millis(1);

    fn rules(backoff: impl Backoff + 'static) -> Rules {
        Rules {
            max_attempts: NonZeroU32::MIN.saturating_add(2),
            pauses: Pauses::Custom(Arc::new(backoff)),
            cap: 500 * MILLI,
            max_retry_after: 1_000 * MILLI,
            min_attempt_time: MILLI,
            per_try_timeout: None,
            overflow: Overflow::Wait,
        }
    }

    #[test]
    fn of_all_closed_gates_the_first_is_the_reason() {
        let gates = [
            Reason::NotRetryable,
            Reason::NotIdempotent,
            Reason::Attempts,
            Reason::Replay,
            Reason::HintTooLong,
            Reason::Deadline,
        ];
        for closed in 0..1_u32 << gates.len() {
            let is_closed = |gate: usize| closed & (1 << gate) != 0;
            let retry = if is_closed(0) {
                Retry::No
            } else {
                Retry::IfIdempotent
            };
            let hint = if is_closed(4) { 1_001 } else { 1_000 };
            let verdict = Verdict::new(Class::Failure)
                .with_retry(retry)
                .with_retry_after(Some(hint * MILLI));
            let decided = rules(Constant(100 * MILLI)).decide(&Situation {
                facts: &Facts::new().with_idempotent(!is_closed(1)),
                verdict: &verdict,
                attempts: if is_closed(2) { 3 } else { 2 },
                is_replayable: !is_closed(3),
                left: Some(if is_closed(5) { 1_101 } else { 1_102 } * MILLI),
                random: 0,
            });
            let first = (0..gates.len()).find(|gate| is_closed(*gate));
            assert_eq!(
                decided,
                first.map_or(Ok(1_100 * MILLI), |gate| Err(gates[gate])),
                "{closed:b}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_pause_is_no_shorter_than_the_hint_and_longer_by_the_cap_at_most(
            hint in prop::option::of(0..2_000_u32),
            left in prop::option::of(0..3_000_u32),
            attempts in 1..3_u32,
            throttled: bool,
            random: u64,
        ) {
            let class = if throttled { Class::Throttled } else { Class::Failure };
            let mut rules = rules(Constant(MILLI));
            rules.pauses = Pauses::Full {
                failure: Exponential::new(50 * MILLI, 500 * MILLI),
                throttled: Exponential::new(300 * MILLI, 500 * MILLI),
            };
            let hint = hint.map(|hint| hint * MILLI);
            let left = left.map(|left| left * MILLI);
            let decided = rules.decide(&Situation {
                facts: &Facts::new(),
                verdict: &Verdict::new(class).with_retry(Retry::Safe).with_retry_after(hint),
                attempts,
                is_replayable: true,
                left,
                random,
            });
            let least = hint.unwrap_or_default();
            let base = if throttled { 300 } else { 50 };
            let most = least + (base * attempts * MILLI).min(rules.cap);
            match decided {
                Ok(pause) => {
                    prop_assert!(least <= rules.max_retry_after);
                    prop_assert!(pause >= least && pause <= most, "{pause:?}");
                    prop_assert!(left.is_none_or(|left| pause + MILLI < left));
                }
                Err(Reason::HintTooLong) => prop_assert!(least > rules.max_retry_after),
                Err(Reason::Deadline) => prop_assert!(left.unwrap() <= most + MILLI),
                Err(reason) => prop_assert!(false, "{reason:?}"),
            }
        }
    }
}
