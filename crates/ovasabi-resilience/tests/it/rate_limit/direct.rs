//! One bucket.

use std::num::NonZeroU32;
use std::time::Duration;

use ovasabi_core::admit::Admit;
use ovasabi_core::inspect::Registry;
use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::Tick;
use ovasabi_resilience::rate_limit::{Quota, QuotaError, RateLimiter};

use super::{MS, NS, SEC, admitted, limiter, n};

#[test]
fn no_sliding_second_admits_more_than_the_burst_and_the_rate() {
    // P-39
    let (limiter, hand) = limiter(Quota::per_second(n(10)));
    let mut times = Vec::new();
    for at in 0..5_000 {
        // Silence in the middle, so that the bucket fills again.
        if !(1_000..2_500).contains(&at) && limiter.check().is_ok() {
            times.push(at);
        }
        hand.advance(MS);
    }
    for start in 0..4_000 {
        let window = times
            .iter()
            .filter(|at| (start..=start + 1_000).contains(*at));
        assert!(window.count() <= 20, "from {start}: {times:?}");
    }
    assert_eq!(times.len(), 10 + 9 + 10 + 24);
}

#[test]
fn the_time_to_come_back_is_exact_to_the_nanosecond() {
    // P-40
    for quota in [
        Quota::per_second(n(3)),
        Quota::per_minute(n(7)),
        Quota::per_hour(n(1)),
    ] {
        let (limiter, hand) = limiter(quota);
        while limiter.check().is_ok() {}
        for _ in 0..5 {
            let wait = limiter.check().unwrap_err().retry_delay().unwrap();
            hand.advance(wait - NS);
            assert_eq!(limiter.check().unwrap_err().retry_delay(), Some(NS));
            hand.advance(NS);
            assert!(limiter.check().is_ok());
        }
    }
}

#[test]
fn what_costs_more_than_the_burst_is_refused_for_good() {
    // P-42
    let (limiter, hand) = limiter(Quota::one_every(3_600 * SEC).unwrap());
    // The last one overflows 64 bits where the cost is multiplied.
    for cost in [2, 1_000, u32::MAX] {
        let refused = limiter.admit(&(), n(cost), Tick::ZERO).unwrap_err();
        assert_eq!(refused.kind(), RejectKind::CostTooHigh);
        assert_eq!(refused.retry_delay(), None, "no time helps");
    }
    hand.advance(NS);
    assert!(limiter.check().is_ok(), "and it took nothing");
}

#[test]
fn after_a_long_silence_only_the_burst_is_admitted() {
    // P-43
    let (limiter, hand) = limiter(Quota::per_second(n(5)));
    for _ in 0..3 {
        hand.advance(365 * 86_400 * SEC);
        assert_eq!(admitted(100, || limiter.check()), 5);
    }
}

#[test]
fn refusals_do_not_prolong_the_wait() {
    // P-45
    let (limiter, hand) = limiter(Quota::per_second(n(1)));
    limiter.check().unwrap();
    for left in (1..=10).rev() {
        for _ in 0..100 {
            let refused = limiter.check().unwrap_err();
            assert_eq!(refused.retry_delay(), Some(left * 100 * MS));
        }
        hand.advance(100 * MS);
    }
    assert!(limiter.check().is_ok());
}

#[test]
fn a_clock_that_jumps_admits_no_mass() {
    // P-48
    let (limiter, hand) = limiter(Quota::per_second(n(5)));
    assert_eq!(admitted(100, || limiter.check()), 5, "at the very start");
    hand.advance(100 * SEC);
    assert_eq!(admitted(100, || limiter.check()), 5);
    hand.set(Tick::ZERO);
    assert_eq!(admitted(100, || limiter.check()), 0, "backwards");
    hand.set(Tick::MAX);
    assert_eq!(admitted(100, || limiter.check()), 5, "the end of time");
    assert_eq!(admitted(100, || limiter.check()), 0);
}

#[test]
fn the_longest_quota_survives_the_latest_clock() {
    let century = Duration::from_secs(100 * 365 * 86_400);
    let (limiter, hand) = limiter(Quota::one_every(century).unwrap());
    hand.set(Tick::MAX);
    assert_eq!(admitted(10, || limiter.check()), 1);
    assert_eq!(limiter.check().unwrap_err().retry_delay(), Some(century));
}

#[test]
fn quotas_mean_what_they_say_and_impossible_ones_are_refused() {
    // P-77
    let quota = Quota::per_second(n(10));
    assert_eq!((quota.interval(), quota.burst()), (100 * MS, n(10)));
    assert_eq!(Quota::per_minute(n(60)).interval(), SEC);
    assert_eq!(
        Quota::per_second(NonZeroU32::MAX).interval(),
        NS,
        "never zero"
    );
    assert_eq!(
        Quota::per_second(n(3)).interval(),
        333_333_334 * NS,
        "never more than asked"
    );
    assert_eq!(
        Quota::one_every(Duration::ZERO).unwrap_err(),
        QuotaError::Interval(Duration::ZERO)
    );
    for quota in [
        Quota::one_every(Duration::MAX),
        quota
            .with_burst(NonZeroU32::MAX)
            .and_then(|_| Quota::one_every(SEC)?.with_burst(NonZeroU32::MAX)),
    ] {
        assert!(
            matches!(quota, Err(QuotaError::TooSlow { .. })),
            "{quota:?}"
        );
    }
}

#[test]
fn threads_share_one_bucket() {
    let (limiter, _hand) = limiter(Quota::per_second(n(1_000)));
    let total: u32 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| admitted(1_000, || limiter.clone().check())))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(total, 1_000);
}

#[test]
fn it_says_what_it_did() {
    let registry = Registry::new();
    let quota = Quota::per_hour(n(2));
    let builder = RateLimiter::builder("signup", quota).inspect(&registry);
    let limiter = builder.clone().build().unwrap();
    assert_eq!(admitted(5, || limiter.check()), 2);
    assert_eq!(
        registry.reports()[0].counter("rate_limiter.denied"),
        Some(3)
    );
    assert!(builder.build().is_err(), "the name is taken");
}
