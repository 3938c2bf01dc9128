//! When a closed breaker opens.

use std::collections::VecDeque;

use ovasabi_resilience::breaker::{Mode, Window};
use proptest::prelude::*;

use super::*;

#[test]
fn a_window_of_calls_really_slides() {
    // P-1: the successes of the past do not protect a service that fails now.
    for (length, minimum) in [(10, 10), (100, 20)] {
        let (builder, _hand) = builder();
        let breaker = builder
            .sliding_window(Window::calls(length))
            .minimum_calls(minimum)
            .build()
            .unwrap();
        calls(&breaker, Class::Success, 9_990);
        let to_open = usize::try_from(length / 2).unwrap();
        calls(&breaker, Class::Failure, to_open - 1);
        // By tenths: the oldest tenth may already have gone.
        if length == 10 {
            assert_eq!(breaker.state(), State::Closed);
        }
        let _ = call(&breaker, Class::Failure);
        assert_eq!(breaker.state(), State::Open, "window of {length}");
    }
}

#[test]
fn a_burst_weighs_the_same_however_short_it_is() {
    // P-15
    for gap in [Duration::ZERO, MS, 100 * MS] {
        let (builder, hand) = builder();
        let breaker = builder.build().unwrap();
        calls(&breaker, Class::Success, 10);
        for _ in 0..9 {
            calls(&breaker, Class::Failure, 1);
            hand.advance(gap);
        }
        assert_eq!(breaker.state(), State::Closed);
        calls(&breaker, Class::Failure, 1);
        assert_eq!(breaker.state(), State::Open, "one failure each {gap:?}");
    }
}

#[test]
fn a_time_window_forgets_by_tenths() {
    let (builder, hand) = builder();
    let breaker = builder
        .sliding_window(Window::time(10 * SEC))
        .minimum_calls(4)
        .build()
        .unwrap();
    calls(&breaker, Class::Failure, 3);
    hand.advance(9 * SEC);
    assert_eq!(breaker.snapshot().window().failures, 3);
    hand.advance(SEC);
    assert_eq!(
        breaker.snapshot().window().calls,
        0,
        "shown without any traffic"
    );
    calls(&breaker, Class::Failure, 3);
    assert_eq!(breaker.state(), State::Closed, "the old failures are gone");
    calls(&breaker, Class::Failure, 1);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_gap_of_sixty_days_leaves_no_stale_counts() {
    // P-16, with buckets of a millisecond: gaps that are a multiple of every power of two up to 2¹⁶ of them, and
    // a little more.
    for days in [60, 1, 600] {
        for more in 0..40 {
            let (builder, hand) = builder();
            let breaker = builder
                .sliding_window(Window::time(10 * MS))
                .minimum_calls(2)
                .build()
                .unwrap();
            for _ in 0..20 {
                calls(&breaker, Class::Success, 1);
                hand.advance(MS);
            }
            hand.advance(86_400 * SEC * days);
            assert_eq!(breaker.snapshot().window().calls, 0);
            hand.advance(MS * (65_536 + more));
            assert_eq!(breaker.snapshot().window().calls, 0);
            calls(&breaker, Class::Failure, 1);
            assert_eq!(breaker.snapshot().window().calls, 1, "{days} d, {more} ms");
            assert_eq!(breaker.state(), State::Closed);
        }
    }
}

#[test]
fn a_clock_that_stands_still_or_goes_back_counts_into_the_newest_bucket() {
    // P-16
    let (builder, hand) = builder();
    let breaker = builder
        .sliding_window(Window::time(10 * SEC))
        .minimum_calls(3)
        .build()
        .unwrap();
    hand.advance(100 * SEC);
    calls(&breaker, Class::Failure, 1);
    hand.set(ovasabi_core::time::Tick::ZERO);
    calls(&breaker, Class::Failure, 1);
    assert_eq!(breaker.snapshot().window().failures, 2);
    calls(&breaker, Class::Failure, 1);
    assert_eq!(breaker.state(), State::Open);
    hand.set(ovasabi_core::time::Tick::MAX);
    calls(&breaker, Class::Success, 1);
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn exactly_the_threshold_opens_and_one_below_does_not() {
    // P-20
    for window in [Window::calls(50), Window::calls(100), Window::time(SEC)] {
        for (share, failures) in [(0.5, 25), (0.3, 15), (0.06, 3), (1.0, 50)] {
            // The last call of fifty decides: a success makes it one below, a failure exactly the share.
            for (last, expected) in [
                (Class::Success, State::Closed),
                (Class::Failure, State::Open),
            ] {
                let (builder, _hand) = builder();
                let breaker = builder
                    .sliding_window(window)
                    .failure_rate_threshold(share)
                    .minimum_calls(50)
                    .build()
                    .unwrap();
                calls(&breaker, Class::Failure, failures - 1);
                calls(&breaker, Class::Success, 50 - failures);
                assert_eq!(breaker.state(), State::Closed, "{share} of {window:?}");
                calls(&breaker, last, 1);
                assert_eq!(breaker.state(), expected, "{share} of {window:?}");
            }
        }
    }
}

#[test]
fn a_success_that_reaches_the_minimum_may_open_it() {
    for window in [Window::calls(50), Window::calls(100), Window::time(SEC)] {
        let (builder, _hand) = builder();
        let breaker = builder
            .sliding_window(window)
            .minimum_calls(20)
            .build()
            .unwrap();
        calls(&breaker, Class::Failure, 10);
        calls(&breaker, Class::Success, 9);
        assert_eq!(breaker.state(), State::Closed);
        calls(&breaker, Class::Success, 1);
        assert_eq!(breaker.state(), State::Open, "10 of 20 in {window:?}");
    }
}

#[test]
fn failures_in_a_row_open_it_whatever_the_window_says() {
    let (builder, _hand) = builder();
    let breaker = builder.consecutive_failures(3).build().unwrap();
    calls(&breaker, Class::Success, 1_000);
    calls(&breaker, Class::Failure, 2);
    calls(&breaker, Class::Success, 1);
    calls(&breaker, Class::Failure, 2);
    assert_eq!(breaker.state(), State::Closed, "a success ends a run");
    calls(&breaker, Class::Failure, 1);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn throttled_calls_count_for_the_rate_and_not_for_the_run() {
    let (builder, _hand) = builder();
    let breaker = builder
        .consecutive_failures(2)
        .minimum_calls(10)
        .build()
        .unwrap();
    calls(&breaker, Class::Failure, 1);
    calls(&breaker, Class::Throttled, 8);
    assert_eq!(breaker.state(), State::Closed);
    let rate_only = breaker.clone();
    calls(&rate_only, Class::Throttled, 1);
    assert_eq!(breaker.state(), State::Open, "nine of ten were throttled");

    breaker.reset();
    calls(&breaker, Class::Failure, 1);
    calls(&breaker, Class::Throttled, 3);
    calls(&breaker, Class::Failure, 1);
    assert_eq!(breaker.state(), State::Open, "nor do they end a run");
}

#[test]
fn ignored_and_dropped_calls_count_for_nothing() {
    let (builder, _hand) = builder();
    let breaker = builder
        .consecutive_failures(2)
        .minimum_calls(2)
        .build()
        .unwrap();
    calls(&breaker, Class::Failure, 1);
    calls(&breaker, Class::Ignored, 100);
    for _ in 0..100 {
        drop(breaker.try_acquire().unwrap());
    }
    assert_eq!(
        (breaker.state(), breaker.snapshot().window().calls),
        (State::Closed, 1)
    );
    assert_eq!(breaker.snapshot().totals().ignored, 200);
    calls(&breaker, Class::Failure, 1);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn slow_calls_open_it_whatever_their_result() {
    for window in [
        Window::calls(20),
        Window::calls(100),
        Window::time(60 * SEC),
    ] {
        let (builder, hand) = builder();
        let breaker = builder
            .sliding_window(window)
            .minimum_calls(10)
            .slow_call_duration(SEC)
            .slow_call_rate_threshold(0.5)
            .build()
            .unwrap();
        let take = |latency: Duration, class| {
            let permit = breaker.try_acquire().unwrap();
            hand.advance(latency);
            permit.settle(class);
        };
        for _ in 0..5 {
            take(SEC - MS, Class::Success);
        }
        for _ in 0..4 {
            take(SEC, Class::Success);
        }
        assert_eq!(breaker.state(), State::Closed);
        assert_eq!(breaker.snapshot().window().slow, 4);
        take(2 * SEC, Class::Success);
        assert_eq!(breaker.state(), State::Open, "{window:?}");
    }
}

#[test]
fn a_call_counts_when_it_ends_however_long_it_took() {
    let (builder, hand) = builder();
    let breaker = builder
        .sliding_window(Window::time(10 * SEC))
        .minimum_calls(2)
        .build()
        .unwrap();
    let (first, second) = (
        breaker.try_acquire().unwrap(),
        breaker.try_acquire().unwrap(),
    );
    hand.advance(60 * SEC);
    first.settle(Class::Failure);
    hand.advance(5 * SEC);
    second.settle(Class::Failure);
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(
        breaker.try_acquire().unwrap_err().retry_delay(),
        Some(5 * SEC),
        "a break begins at the end too"
    );
}

#[test]
fn a_success_that_pushes_out_older_ones_may_open_it() {
    let (builder, hand) = builder();
    let breaker = builder
        .sliding_window(Window::time(10 * SEC))
        .minimum_calls(4)
        .build()
        .unwrap();
    calls(&breaker, Class::Success, 6);
    hand.advance(5 * SEC);
    calls(&breaker, Class::Failure, 4);
    assert_eq!(breaker.state(), State::Closed, "four of ten");
    hand.advance(5 * SEC);
    calls(&breaker, Class::Success, 1);
    assert_eq!(breaker.state(), State::Open, "four of five");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_window_counts_what_a_list_would(
        length in 1_u32..=200,
        seen in prop::collection::vec((any::<bool>(), any::<bool>()), 1..1_000),
    ) {
        let (builder, hand) = builder();
        let breaker = builder
            .sliding_window(Window::calls(length))
            .minimum_calls(1)
            .slow_call_duration(SEC)
            .build()
            .unwrap();
        breaker.force(Mode::MetricsOnly);
        let mut list = Vec::new();
        for (failed, slow) in seen {
            let permit = breaker.try_acquire().unwrap();
            hand.advance(if slow { SEC } else { MS });
            permit.settle(if failed { Class::Failure } else { Class::Success });
            list.push((failed, slow));
            if length <= 64 {
                list.drain(..list.len().saturating_sub(length as usize));
            } else if list.len() > 10 * length.div_ceil(10) as usize {
                list.drain(..length.div_ceil(10) as usize);
            }
            let window = breaker.snapshot().window();
            prop_assert_eq!(window.calls, list.len() as u64);
            prop_assert_eq!(window.failures, list.iter().filter(|(failed, _)| *failed).count() as u64);
            prop_assert_eq!(window.slow, list.iter().filter(|(_, slow)| *slow).count() as u64);
        }
    }
}

#[test]
fn calls_that_outlast_the_window_do_not_drop_out_of_it() {
    let (builder, hand) = builder();
    let breaker = builder.build().unwrap();
    let mut streams = VecDeque::new();
    // Two streams a second, each of which takes a minute.
    for _ in 0..300 {
        streams.push_back(breaker.try_acquire().unwrap());
        hand.advance(SEC / 2);
        if streams.len() > 120 {
            streams.pop_front().unwrap().settle(Class::Success);
        }
    }
    for failing in streams.drain(..20) {
        failing.settle(Class::Failure);
    }
    let window = breaker.snapshot().window();
    assert_eq!((breaker.state(), window.failures), (State::Closed, 20));
    assert!(window.calls > 70, "{window:?}");
}
