//! Breaks: how long, and what is said meanwhile.

use super::*;
use ovasabi_core::reject::RejectKind;

#[test]
fn a_refusal_says_exactly_when_to_come_back() {
    // P-18
    let (breaker, hand) = opened(|builder| builder);
    let refused = breaker.try_acquire().unwrap_err();
    assert_eq!(
        (refused.kind(), refused.retry_delay()),
        (RejectKind::CircuitOpen, Some(5 * SEC))
    );
    hand.advance(5 * SEC - Duration::from_nanos(1));
    assert_eq!(
        breaker.try_acquire().unwrap_err().retry_delay(),
        Some(Duration::from_nanos(1))
    );
    hand.advance(Duration::from_nanos(1));
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn a_break_that_is_over_shows_as_half_open_without_traffic() {
    // P-10
    let (breaker, hand) = opened(|builder| builder);
    hand.advance(5 * SEC - MS);
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.snapshot().retry_after(), Some(MS));
    hand.advance(MS);
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!(breaker.snapshot().state(), State::HalfOpen);
    assert_eq!(breaker.snapshot().retry_after(), None);
}

#[test]
fn breaks_grow_to_the_cap_and_a_time_of_health_resets_them() {
    // P-11
    let (breaker, hand) =
        opened(|builder| builder.wait_factor(2.0).permitted_calls_in_half_open(1));
    let wait = || breaker.try_acquire().unwrap_err().retry_delay().unwrap();
    let mut waits = vec![wait()];
    for _ in 0..5 {
        hand.advance(wait());
        calls(&breaker, Class::Failure, 1);
        waits.push(wait());
    }
    assert_eq!(
        waits,
        [5 * SEC, 10 * SEC, 20 * SEC, 40 * SEC, 60 * SEC, 60 * SEC]
    );

    hand.advance(wait());
    calls(&breaker, Class::Success, 1);
    assert_eq!(breaker.state(), State::Closed);
    hand.advance(29 * SEC);
    calls(&breaker, Class::Failure, 1);
    assert_eq!(wait(), 60 * SEC, "it was well for less than the window");

    hand.advance(wait());
    calls(&breaker, Class::Success, 1);
    hand.advance(30 * SEC);
    calls(&breaker, Class::Failure, 1);
    assert_eq!(wait(), 5 * SEC);
}

#[test]
fn ten_thousand_breaks_in_a_row_do_not_overflow() {
    // P-11
    let (breaker, hand) = opened(|builder| {
        builder
            .wait_factor(10.0)
            .wait_jitter(0.5)
            .permitted_calls_in_half_open(1)
    });
    for _ in 0..10_000 {
        let wait = breaker.try_acquire().unwrap_err().retry_delay().unwrap();
        assert!(wait > Duration::ZERO && wait <= 60 * SEC, "{wait:?}");
        hand.advance(wait);
        calls(&breaker, Class::Failure, 1);
    }
}

#[test]
fn breaks_are_spread_by_the_jitter() {
    let mut waits = Vec::new();
    for _ in 0..100 {
        let (breaker, _hand) = opened(|builder| builder.wait_jitter(0.2));
        waits.push(breaker.try_acquire().unwrap_err().retry_delay().unwrap());
    }
    waits.sort_unstable();
    assert!(
        waits.iter().all(|wait| (4 * SEC..=6 * SEC).contains(wait)),
        "{waits:?}"
    );
    assert!(
        *waits.last().unwrap() - waits[0] > SEC,
        "spread over most of the two seconds"
    );
}

#[test]
fn a_result_from_before_the_break_counts_for_nothing() {
    // P-3
    let (builder, hand) = builder();
    let breaker = builder
        .consecutive_failures(1)
        .permitted_calls_in_half_open(1)
        .build()
        .unwrap();
    let late: Vec<_> = (0..3).map(|_| breaker.try_acquire().unwrap()).collect();
    calls(&breaker, Class::Failure, 1);
    hand.advance(5 * SEC);
    let probe = breaker.try_acquire().unwrap();
    let mut late = late.into_iter();
    late.next().unwrap().settle(Class::Failure);
    assert_eq!(breaker.state(), State::HalfOpen, "does not open again");
    late.next().unwrap().settle(Class::Success);
    assert_eq!(
        breaker.state(),
        State::HalfOpen,
        "does not close under the probe"
    );
    probe.settle(Class::Success);
    assert_eq!(breaker.state(), State::Closed);
    late.next().unwrap().settle(Class::Failure);
    assert_eq!(
        (breaker.state(), breaker.snapshot().window().calls),
        (State::Closed, 0)
    );
    assert_eq!(breaker.snapshot().totals().late, 3);
}
