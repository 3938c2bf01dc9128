//! A bucket for each key.

use std::hash::Hash;
use std::net::Ipv6Addr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU32, Ordering};

use ovasabi_core::admit::Admit;
use ovasabi_core::inspect::{Registry, Value};
use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::{Clock, ClockHand, Tick};
use ovasabi_resilience::rate_limit::{KeyedRateLimiter, KeyedRateLimiterBuilder, Quota, WhenFull};

use super::{NS, SEC, admitted, n};

fn builder(quota: Quota, capacity: usize) -> (KeyedRateLimiterBuilder<u32>, ClockHand) {
    let (clock, hand) = Clock::manual();
    let builder = KeyedRateLimiter::<u32>::builder("test", quota)
        .clock(clock)
        .capacity(NonZeroUsize::new(capacity).unwrap());
    (builder, hand)
}

/// All keys on one line of eight places.
fn one_line(quota: Quota, when_full: WhenFull) -> (KeyedRateLimiter<u32>, ClockHand) {
    let (builder, hand) = builder(quota, 4);
    (builder.when_full(when_full).build().unwrap(), hand)
}

fn live_keys<K: Hash>(limiter: &KeyedRateLimiter<K>) -> f64 {
    let live = limiter.snapshot().metrics().iter().find_map(|metric| {
        let is_it = metric.name == "keyed_rate_limiter.live_keys";
        is_it.then_some(metric.value)
    });
    let Some(Value::Gauge(live)) = live else {
        panic!("no gauge of live keys");
    };
    live
}

#[test]
fn each_key_has_a_bucket_of_its_own() {
    let (builder, hand) = builder(Quota::per_second(n(3)), 1_000);
    let limiter = builder.build().unwrap();
    for round in 0..3 {
        for key in 0..20 {
            assert_eq!(admitted(10, || limiter.check(&key)), 3, "{round} {key}");
        }
        hand.advance(2 * SEC);
    }
}

#[test]
fn a_million_keys_take_no_more_room_than_one() {
    // P-44
    let registry = Registry::new();
    let (builder, _hand) = builder(Quota::per_second(n(1)), 65_536);
    let limiter = builder.inspect(&registry).build().unwrap();
    assert_eq!(limiter.capacity(), 65_536);
    let memory = limiter.memory();
    let admitted = (0..1_000_000)
        .filter(|key| limiter.check(key).is_ok())
        .count();
    assert_eq!(limiter.memory(), memory);
    assert!(memory <= 32 * 65_536, "{memory}");
    let report = &registry.reports()[0];
    let overflowed = report.counter("keyed_rate_limiter.overflowed").unwrap();
    // Seven places for four keys. Each admits one, and so does the shared bucket of each line of eight.
    let places = 65_536 * 7 / 4;
    assert_eq!(admitted, places + places / 8);
    assert_eq!(overflowed, 1_000_000 - places as u64);
    assert_eq!(
        report.counter("keyed_rate_limiter.denied"),
        Some(1_000_000 - admitted as u64)
    );
}

#[test]
fn of_a_million_live_keys_at_least_99_in_100_are_held_exactly_in_32_bytes_each() {
    const KEYS: u32 = 1_000_000;
    let (builder, _hand) = builder(Quota::per_second(n(2)), KEYS as usize);
    let limiter = builder.build().unwrap();
    // The first one and the second of each key are admitted, the third is not. Without a place of its own a
    // key shares a bucket of two.
    for _ in 0..2 {
        (0..KEYS).for_each(|key| drop(limiter.check(&key)));
    }
    let held = live_keys(&limiter);
    assert!(held >= 0.99 * f64::from(KEYS), "{held}");
    assert!(
        limiter.memory() <= 32 * KEYS as usize,
        "{}",
        limiter.memory()
    );
    assert!((0..KEYS).all(|key| limiter.check(&key).is_err()));
}

#[test]
fn a_key_under_attack_is_not_reset_by_a_flood_of_others() {
    // P-44
    for when_full in [WhenFull::SharedBucket, WhenFull::Deny] {
        let (limiter, hand) = one_line(Quota::per_second(n(5)), when_full);
        assert_eq!(admitted(10, || limiter.check(&0)), 5);
        for key in 1..10_000 {
            let _ = limiter.check(&key);
            let refused = limiter.check(&0).unwrap_err();
            assert_eq!(refused.retry_delay(), Some(SEC / 5), "{when_full:?} {key}");
        }
        hand.advance(SEC / 5);
        assert_eq!(admitted(10, || limiter.check(&0)), 1, "in its own time");
    }
}

#[test]
fn callers_who_are_being_limited_stay_so_in_a_flood() {
    // P-44; the example `hostile_keys` sends ten million.
    const CALLERS: u32 = 100;
    let (builder, hand) = builder(Quota::per_minute(n(1)), 65_536);
    let limiter = builder.build().unwrap();
    assert!((0..CALLERS).all(|caller| limiter.check(&caller).is_ok()));
    for hostile in 0..200_000_u32 {
        let _ = limiter.check(&(CALLERS + hostile));
        if hostile.is_multiple_of(10) {
            let caller = hostile / 10 % CALLERS;
            assert!(limiter.check(&caller).is_err(), "{caller} after {hostile}");
        }
        hand.advance(50_000 * NS);
    }
    // Ten seconds are over.
    hand.advance(50 * SEC - NS);
    for (nanosecond, is_time) in [(0, false), (1, true), (1, false)] {
        hand.advance(nanosecond * NS);
        let admitted = (0..CALLERS).filter(|caller| limiter.check(caller).is_ok());
        assert_eq!(admitted.count(), if is_time { CALLERS as usize } else { 0 });
    }
}

/// How many of these keys, as many as the capacity says, have places of their own.
fn held<K: Hash>(keys: impl ExactSizeIterator<Item = K>) -> f64 {
    let capacity = NonZeroUsize::new(keys.len()).unwrap();
    let builder = KeyedRateLimiter::<K>::builder("test", Quota::per_hour(n(1)));
    let (clock, _hand) = Clock::manual();
    let limiter = builder.capacity(capacity).clock(clock).build().unwrap();
    keys.for_each(|key| drop(limiter.check(&key)));
    live_keys(&limiter) / capacity.get() as f64
}

#[test]
fn keys_that_look_alike_are_told_apart_as_well() {
    // P-44
    let keys = 0..30_000_u32;
    let shares = [
        held(keys.clone()),
        held(keys.clone().map(|key| u64::from(key) << 40)),
        held(keys.clone().map(|key| u128::from(key) << 64)),
        held(keys.clone().map(|key| (key % 100, u64::from(key / 100)))),
        held(
            keys.clone()
                .map(|key| Ipv6Addr::from(u128::from(key) << 80)),
        ),
        held(keys.clone().map(|key| format!("user-{key:08}"))),
        held(keys.map(|key| format!("{key:08}{}", "-of-the-same-very-long-tenant".repeat(10)))),
    ];
    assert!(shares.iter().all(|share| *share >= 0.99), "{shares:?}");
}

#[test]
fn a_place_is_given_away_once_its_key_is_as_good_as_new() {
    let (limiter, hand) = one_line(Quota::per_second(n(2)), WhenFull::Deny);
    for key in 0..8 {
        limiter.check(&key).unwrap();
        hand.advance(10_000 * NS);
    }
    // The first of them is as good as new half a second after it came.
    let wait = limiter.check(&8).unwrap_err().retry_delay().unwrap();
    assert_eq!(wait, SEC / 2 - 80_000 * NS);
    hand.advance(wait - NS);
    assert_eq!(limiter.check(&8).unwrap_err().retry_delay(), Some(NS));
    hand.advance(NS);
    assert_eq!(admitted(10, || limiter.check(&8)), 2);
    assert!(limiter.check(&9).is_err(), "the other seven are live");
}

#[test]
fn new_keys_that_find_no_place_share_one_bucket() {
    let (limiter, _hand) = one_line(Quota::per_second(n(3)), WhenFull::SharedBucket);
    for key in 0..8 {
        limiter.check(&key).unwrap();
    }
    let late: u32 = (100..200)
        .map(|key| admitted(1, || limiter.check(&key)))
        .sum();
    assert_eq!(late, 3);
    for key in 0..8 {
        assert_eq!(
            admitted(5, || limiter.check(&key)),
            2,
            "the others are as before"
        );
    }
}

#[test]
fn what_can_never_be_admitted_takes_no_place() {
    let (limiter, _hand) = one_line(Quota::per_second(n(3)), WhenFull::Deny);
    for key in 0..100 {
        assert!(limiter.admit(&key, n(4), Tick::ZERO).is_err());
        assert!(limiter.admit(&key, n(u32::MAX), Tick::ZERO).is_err());
    }
    for key in 100..108 {
        limiter.check(&key).unwrap();
    }
    // Not even the time at which a place is free would help.
    let refused = limiter.admit(&1, n(4), Tick::ZERO).unwrap_err();
    assert_eq!(refused.kind(), RejectKind::CostTooHigh);
}

#[test]
fn a_clock_that_jumps_resets_no_key() {
    // P-48
    let (limiter, hand) = one_line(Quota::per_second(n(2)), WhenFull::Deny);
    for at in [Tick::MAX, Tick::from_nanos(u64::MAX / 2), Tick::ZERO] {
        hand.set(at);
        let at_most = if at == Tick::MAX { 2 } else { 0 };
        assert_eq!(admitted(10, || limiter.check(&1)), at_most, "{at:?}");
        (2..50).for_each(|key| drop(limiter.check(&key)));
        assert_eq!(admitted(10, || limiter.check(&1)), 0, "{at:?}");
    }
}

#[test]
fn threads_that_bring_the_same_new_key_share_its_bucket() {
    const ROUNDS: u32 = 20_000;
    let (limiter, _hand) = one_line(Quota::per_second(n(1)), WhenFull::Deny);
    let arrived = AtomicU32::new(0);
    // Both come in the same nanosecond, as far as that can be had.
    let meet = |round: u32| {
        arrived.fetch_add(1, Ordering::AcqRel);
        while arrived.load(Ordering::Acquire) < 2 * (round + 1) {
            std::thread::yield_now();
        }
    };
    let run = || -> Vec<bool> {
        let rounds = (0..ROUNDS).map(|round| {
            // All keys of earlier rounds are as good as new: each place can be had.
            let now = Tick::from_nanos(u64::from(round) * 2_000_000_000);
            meet(round);
            limiter.admit(&round, n(1), now).is_ok()
        });
        rounds.collect()
    };
    let (one, two) = std::thread::scope(|scope| {
        let other = scope.spawn(run);
        (run(), other.join().unwrap())
    });
    for (round, both) in one.into_iter().zip(two).enumerate() {
        assert!(both.0 != both.1, "round {round}: {both:?}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    // P-77
    let (builder, _hand) = builder(Quota::per_second(n(1)), usize::MAX);
    let error = builder.build().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("capacity is 18446744073709551615, allowed is 1..=1073741824")
    );
}
