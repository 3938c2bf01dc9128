//! GCRA against the obvious bucket of tokens.

use std::time::Duration;

use ovasabi_core::admit::Admit;
use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::{Clock, Tick};
use ovasabi_resilience::rate_limit::{KeyedRateLimiter, Quota};
use proptest::prelude::*;

use super::{limiter, n};

/// A bucket that gains a nanosecond's worth each nanosecond; one token is worth an interval.
struct Bucket {
    interval: u128,
    full: u128,
    level: u128,
}

#[derive(Debug, PartialEq)]
enum Answer {
    Admitted,
    In(u128),
    Never,
}

impl Bucket {
    fn new(interval: u64, burst: u32) -> Self {
        let (interval, burst) = (u128::from(interval), u128::from(burst));
        Self {
            interval,
            full: interval * burst,
            level: interval * burst,
        }
    }

    fn pass(&mut self, nanos: u64) {
        self.level = (self.level + u128::from(nanos)).min(self.full);
    }

    fn take(&mut self, cost: u32) -> Answer {
        let price = u128::from(cost) * self.interval;
        if price > self.full {
            return Answer::Never;
        }
        match self.level.checked_sub(price) {
            Some(left) => {
                self.level = left;
                Answer::Admitted
            }
            None => Answer::In(price - self.level),
        }
    }
}

fn answer(result: Result<(), ovasabi_core::Rejection>) -> Answer {
    match result {
        Ok(()) => Answer::Admitted,
        Err(refused) if refused.kind() == RejectKind::CostTooHigh => Answer::Never,
        Err(refused) => Answer::In(refused.retry_delay().unwrap().as_nanos()),
    }
}

/// Mostly small steps against the interval, now and then a long one.
fn pauses(interval: u64) -> impl Strategy<Value = u64> {
    prop_oneof![
        6 => 0..=interval,
        3 => 0..=interval.saturating_mul(5),
        1 => 0..=interval.saturating_mul(200),
    ]
}

fn scenario() -> impl Strategy<Value = (u64, u32, u64, Vec<(u64, u32)>)> {
    let quota = (
        prop_oneof![1_u64..=20, 1_000_u64..=10_000_000_000],
        1_u32..=40,
        prop_oneof![Just(0), 0..=u64::MAX / 4],
    );
    quota.prop_flat_map(|(interval, burst, start)| {
        let cost = prop_oneof![8 => 1..=burst, 1 => 1..=2 * burst, 1 => Just(u32::MAX)];
        let steps = prop::collection::vec((pauses(interval), cost), 1..100);
        (Just(interval), Just(burst), Just(start), steps)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decides_as_a_bucket_of_tokens_does((interval, burst, start, steps) in scenario()) {
        let quota = Quota::one_every(Duration::from_nanos(interval)).unwrap().with_burst(n(burst)).unwrap();
        let (direct, _hand) = limiter(quota);
        let keyed = KeyedRateLimiter::<u8>::builder("test", quota).clock(Clock::manual().0).build().unwrap();
        let mut model = Bucket::new(interval, burst);
        let mut now = start;
        for (pause, cost) in steps {
            now += pause;
            model.pass(pause);
            let expected = model.take(cost);
            let tick = Tick::from_nanos(now);
            prop_assert_eq!(&answer(direct.admit(&(), n(cost), tick)), &expected, "direct at {}", now);
            prop_assert_eq!(&answer(keyed.admit(&7, n(cost), tick)), &expected, "keyed at {}", now);
        }
    }
}
