//! Changing a limit while it runs.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ovasabi_core::admit::Admit;
use ovasabi_core::inspect::Registry;
use ovasabi_core::time::{Clock, Tick};
use ovasabi_resilience::rate_limit::{KeyedRateLimiter, Quota, RateLimiter, WhenFull};

use super::{MS, NS, SEC, admitted, limiter, n, quota};

#[test]
fn what_is_taken_stays_taken_when_the_quota_changes() {
    let (limiter, hand) = limiter(Quota::per_second(n(10)));
    hand.advance(SEC);
    assert_eq!(admitted(3, || limiter.check()), 3);
    limiter.set_quota(Quota::per_second(n(100)));
    assert_eq!(limiter.standing().remaining(), 97);
    limiter.set_quota(Quota::per_hour(n(5)));
    assert_eq!(limiter.standing().remaining(), 2);
    limiter.set_quota(Quota::per_minute(n(2)));
    assert_eq!(limiter.standing().remaining(), 0, "no less than nothing");
    let refused = limiter.check().unwrap_err();
    assert_eq!(refused.retry_delay(), Some(30 * SEC), "at the new rate");
}

#[test]
fn a_full_bucket_stays_full() {
    let (limiter, hand) = limiter(Quota::per_second(n(1)));
    limiter.check().unwrap();
    hand.advance(SEC);
    limiter.set_quota(quota(3_600 * SEC, 4));
    assert_eq!(admitted(10, || limiter.check()), 4);
}

#[test]
fn a_keyed_quota_changes_for_every_key() {
    let (clock, _hand) = Clock::manual();
    let limiter = KeyedRateLimiter::<u32>::builder("keyed", Quota::per_second(n(10)))
        .clock(clock)
        .build()
        .unwrap();
    for key in 0..500 {
        assert_eq!(admitted(key % 10, || limiter.check(&key)), key % 10);
    }
    limiter.set_quota(Quota::per_hour(n(12)));
    for key in 0..500 {
        assert_eq!(limiter.standing(&key).remaining(), 12 - key % 10);
        assert_eq!(admitted(20, || limiter.check(&key)), 12 - key % 10, "{key}");
    }
    assert_eq!(
        admitted(20, || limiter.check(&1_000)),
        12,
        "and for new ones"
    );
}

#[test]
fn a_cost_is_measured_by_the_quota_that_holds() {
    let (limiter, _hand) = limiter(Quota::per_second(n(5)));
    assert!(limiter.admit(&(), n(8), Tick::ZERO).is_err());
    limiter.set_quota(Quota::per_second(n(8)));
    assert!(limiter.admit(&(), n(8), Tick::ZERO).is_ok());
}

#[test]
fn reconfigure_takes_all_numbers_or_none() {
    let (limiter, _hand) = limiter(Quota::per_second(n(5)));
    limiter.check().unwrap();
    let builder = |quota| RateLimiter::builder("another name", quota);
    let error = limiter.reconfigure(builder(Quota::per_second(n(9))).max_waiting(70_000));
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("max_waiting is 70000, allowed is 0..=65536"),
        "{error}"
    );
    assert_eq!(limiter.quota(), Quota::per_second(n(5)));
    limiter
        .reconfigure(builder(Quota::per_second(n(9))).max_waiting(0))
        .unwrap();
    assert_eq!(admitted(20, || limiter.check()), 8);
    let refused = builder(Quota::per_second(n(9)))
        .max_waiting(u32::MAX)
        .build();
    assert!(refused.is_err(), "and so does build");
}

#[test]
fn what_cannot_change_live_is_refused_by_its_name() {
    let builder = |capacity| {
        KeyedRateLimiter::<u32>::builder("keyed", Quota::per_hour(n(1)))
            .clock(Clock::manual().0)
            .capacity(NonZeroUsize::new(capacity).unwrap())
    };
    let limiter = builder(1).build().unwrap();
    let error = limiter
        .reconfigure(builder(2).when_full(WhenFull::Deny))
        .unwrap_err();
    assert_eq!(error.problems()[0].key, "capacity");
    assert_eq!(admitted(9, || limiter.check(&1)), 1);
    // What can, does.
    (2..9).for_each(|key| limiter.check(&key).unwrap());
    assert!(limiter.check(&9).is_ok(), "the shared bucket");
    limiter
        .reconfigure(builder(1).when_full(WhenFull::Deny))
        .unwrap();
    let refused = limiter.check(&10).unwrap_err();
    assert_eq!(refused.retry_delay(), Some(3_600 * SEC));
}

#[test]
fn an_operator_changes_it_by_text() {
    let registry = Registry::new();
    let quota = Quota::per_hour(n(1));
    let limiter = RateLimiter::builder("signup", quota)
        .inspect(&registry)
        .build()
        .unwrap();
    let control = |action, argument| registry.control("rate_limiter", "signup", action, argument);
    assert_eq!(admitted(9, || limiter.check()), 1);
    control("set_quota", Some("4/h")).unwrap();
    assert_eq!(admitted(9, || limiter.check()), 3);
    control("set_max_waiting", Some("7")).unwrap();
    for (action, argument, says) in [
        (
            "set_quota",
            Some("4 an hour"),
            "expected a quota such as 100/s",
        ),
        ("set_quota", None, "an argument is missing"),
        ("set_max_waiting", Some("65537"), "expected 0 to 65536"),
        ("reset", None, "there are: set_quota, set_max_waiting"),
    ] {
        let error = control(action, argument).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(limiter.quota(), Quota::per_hour(n(4)));
    let report = &registry.reports()[0];
    assert_eq!(report.counter("rate_limiter.denied"), Some(8 + 6));
}

#[test]
fn threads_that_are_decided_while_it_changes_leave_it_as_it_should_be() {
    let (limiter, hand) = limiter(Quota::per_hour(n(1_000)));
    let is_over = AtomicBool::new(false);
    let changes = 2_000;
    let total: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut total = u64::from(admitted(10, || limiter.check()));
                    while !is_over.load(Ordering::Relaxed) {
                        total += u64::from(admitted(10, || limiter.check()));
                    }
                    total
                })
            })
            .collect();
        for round in 0..changes {
            let interval = if round % 2 == 0 { 3_600 * SEC } else { MS };
            limiter.set_quota(quota(interval, 1_000));
        }
        is_over.store(true, Ordering::Relaxed);
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    // The clock stands still: one burst, and what was priced in the midst of a change, a burst at most.
    assert!(total <= 1_000 * (changes + 1), "{total}");
    // Whatever was written late by the slow quota: in the time of a burst of the fast one it is as new.
    let _ = limiter.check();
    hand.advance(SEC);
    assert_eq!(admitted(2_000, || limiter.check()), 1_000);
}

#[test]
fn standing_is_right_to_the_unit_and_the_nanosecond() {
    let (limiter, hand) = limiter(quota(100 * MS, 10));
    hand.advance(SEC);
    assert_eq!(
        (limiter.standing().remaining(), limiter.standing().full_in()),
        (10, Duration::ZERO)
    );
    limiter.check().unwrap();
    hand.advance(NS);
    let standing = limiter.standing();
    assert_eq!((standing.limit(), standing.remaining()), (n(10), 9));
    assert_eq!(standing.full_in(), 100 * MS - NS);
}
