//! Calls that hang: slow before they end.

use ovasabi_resilience::breaker::{Cause, Mode, Permit, Window};

use super::*;

const THRESHOLD: Duration = Duration::from_millis(800);

/// Opens when all of ten calls are slow, and looks every second.
fn watching(
    configure: impl FnOnce(CircuitBreakerBuilder) -> CircuitBreakerBuilder,
) -> (CircuitBreaker, ClockHand) {
    let (builder, hand) = builder();
    let builder = builder
        .sliding_window(Window::time(10 * SEC))
        .minimum_calls(10)
        .slow_call_duration(THRESHOLD)
        .slow_call_rate_threshold(1.0)
        .count_slow_in_flight(true);
    (configure(builder).build().unwrap(), hand)
}

fn hang(breaker: &CircuitBreaker, calls: usize) -> Vec<Permit> {
    (0..calls).map(|_| breaker.try_acquire().unwrap()).collect()
}

#[test]
fn a_service_that_hangs_opens_its_breaker_before_the_first_call_ends() {
    for window in [
        Window::time(10 * SEC),
        Window::calls(20),
        Window::calls(100),
    ] {
        let (breaker, hand) = watching(|builder| builder.sliding_window(window));
        let mut changes = breaker.changes();
        let hanging = hang(&breaker, 10);
        hand.advance(SEC);
        let refused = breaker.try_acquire().unwrap_err();
        assert_eq!(refused.retry_delay(), Some(5 * SEC), "{window:?}");
        let opened = tokio_test::block_on(changes.next()).unwrap();
        assert_eq!(opened.cause(), Cause::SlowCallRate);
        let totals = breaker.snapshot().totals();
        assert_eq!((totals.slow, totals.rejected), (0, 1), "none has ended");
        drop(hanging);
    }
}

#[test]
fn without_it_calls_that_hang_are_not_seen() {
    let (breaker, hand) = watching(|builder| builder.count_slow_in_flight(false));
    let _hanging = hang(&breaker, 10);
    hand.advance(60 * SEC);
    assert!(breaker.try_acquire().is_ok());
    assert_eq!(breaker.snapshot().window().slow_in_flight, 0);
}

#[test]
fn a_call_counts_once_before_and_after_its_end() {
    let (breaker, hand) = watching(|builder| builder);
    let mut hanging = hang(&breaker, 9);
    hand.advance(SEC);
    let seen = || {
        let window = breaker.snapshot().window();
        (window.slow_in_flight, window.slow, window.calls)
    };
    assert_eq!(seen(), (9, 0, 0));
    let ends: [fn(Permit); 4] = [
        |permit| permit.settle(Class::Success),
        |permit| permit.settle(Class::Throttled),
        |permit| permit.settle(Class::Ignored),
        drop,
    ];
    for (end, expected) in ends
        .into_iter()
        .zip([(8, 1, 1), (7, 2, 2), (6, 2, 2), (5, 2, 2)])
    {
        end(hanging.pop().unwrap());
        assert_eq!(seen(), expected);
    }
    // Seven slow ones are not ten.
    assert!(breaker.try_acquire().is_ok());
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn slow_calls_that_ended_and_those_that_have_not_count_together() {
    let (breaker, hand) = watching(|builder| builder);
    let mut hanging = hang(&breaker, 10);
    hand.advance(THRESHOLD);
    for permit in hanging.drain(..5) {
        permit.settle(Class::Success);
    }
    assert_eq!(breaker.state(), State::Closed);
    hand.advance(SEC);
    assert!(breaker.try_acquire().is_err());
}

#[test]
fn calls_that_are_not_slow_yet_do_not_count() {
    let (breaker, hand) = watching(|builder| builder);
    let _hanging = hang(&breaker, 20);
    hand.advance(THRESHOLD - MS);
    assert_eq!(breaker.snapshot().window().slow_in_flight, 0);
    // By eighths: a ninth is over.
    hand.advance(THRESHOLD / 8 + MS);
    assert_eq!(breaker.snapshot().window().slow_in_flight, 20);
}

#[test]
fn it_looks_once_a_tenth_of_the_window() {
    let (breaker, hand) = watching(|builder| builder);
    // The first call looks, at nothing.
    let _hanging = hang(&breaker, 10);
    hand.advance(SEC - MS);
    assert!(breaker.try_acquire().is_ok(), "not yet");
    hand.advance(MS);
    assert!(breaker.try_acquire().is_err());
}

#[test]
fn calls_that_hang_for_days_are_not_forgotten() {
    let (breaker, hand) = watching(|builder| builder.slow_call_duration(MS).minimum_calls(1_000));
    let mut hanging = Vec::new();
    for days in [0, 1, 3, 60] {
        hand.advance(86_400 * SEC * days);
        hanging.push(breaker.try_acquire().unwrap());
        hand.advance(2 * MS);
        assert_eq!(
            breaker.snapshot().window().slow_in_flight,
            hanging.len() as u64
        );
    }
    drop(hanging);
    assert_eq!(breaker.snapshot().window().slow_in_flight, 0);
}

#[test]
fn calls_from_before_a_transition_do_not_open_it_again() {
    let (breaker, hand) = watching(|builder| builder.permitted_calls_in_half_open(1));
    let hanging = hang(&breaker, 10);
    hand.advance(SEC);
    assert!(breaker.try_acquire().is_err());
    hand.advance(5 * SEC);
    calls(&breaker, Class::Success, 1);
    assert_eq!(breaker.state(), State::Closed);
    for _ in 0..10 {
        hand.advance(SEC);
        calls(&breaker, Class::Success, 1);
    }
    assert_eq!(breaker.snapshot().window().slow_in_flight, 0);
    drop(hanging);
    assert_eq!(breaker.snapshot().window().slow_in_flight, 0);
    assert_eq!(breaker.snapshot().totals().opened, 1);
}

#[test]
fn a_forced_mode_watches_nothing() {
    let (breaker, hand) = watching(|builder| builder);
    breaker.force(Mode::MetricsOnly);
    let _hanging = hang(&breaker, 20);
    hand.advance(SEC);
    assert!(breaker.try_acquire().is_ok());
    assert_eq!(breaker.snapshot().window().slow_in_flight, 0);
}

#[test]
fn many_threads_leave_nobody_behind() {
    let breaker = CircuitBreaker::builder("threads")
        .slow_call_duration(MS)
        .slow_call_rate_threshold(1.0)
        .minimum_calls(1_000_000)
        .count_slow_in_flight(true)
        .build()
        .unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for nth in 0..20_000 {
                    let permit = breaker.try_acquire().unwrap();
                    if nth % 3 == 0 {
                        std::thread::yield_now();
                    }
                    permit.settle(Class::Success);
                }
            });
        }
    });
    assert_eq!(breaker.snapshot().window().slow_in_flight, 0);
    assert_eq!(breaker.snapshot().totals().successes, 80_000);
}

#[test]
fn a_call_that_comes_in_late_makes_no_later_one_slow() {
    // Read the clock, and was held up for seven eighths of the threshold before it came in.
    let (breaker, hand) = watching(|builder| builder);
    let at = |millis: u32| ovasabi_core::time::Tick::ZERO.saturating_add(millis * MS);
    hand.set(at(2_000));
    let _on_time = breaker.try_acquire().unwrap();
    hand.set(at(1_300));
    let _late = breaker.try_acquire().unwrap();
    hand.set(at(2_200));
    assert_eq!(
        breaker.snapshot().window().slow_in_flight,
        1,
        "the late one"
    );
    hand.set(at(2_900));
    assert_eq!(breaker.snapshot().window().slow_in_flight, 2);
}
