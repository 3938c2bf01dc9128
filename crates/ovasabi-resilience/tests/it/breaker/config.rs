//! Configurations that cannot work.

use ovasabi_core::inspect::Registry;
use ovasabi_resilience::breaker::Window;

use super::*;

type Configure = fn(CircuitBreakerBuilder) -> CircuitBreakerBuilder;

#[test]
fn impossible_values_are_refused_with_key_value_and_what_is_allowed() {
    // P-77
    let cases: [(Configure, &str); 24] = [
        (|b| b.consecutive_failures(0), "consecutive_failures is 0"),
        (
            |b| b.failure_rate_threshold(f64::NAN),
            "failure_rate_threshold is NaN",
        ),
        (
            |b| b.failure_rate_threshold(0.0),
            "failure_rate_threshold is 0",
        ),
        (
            |b| b.failure_rate_threshold(1.1),
            "failure_rate_threshold is 1.1",
        ),
        (
            |b| b.failure_rate_threshold(None),
            "failure_rate_threshold is off",
        ),
        (
            |b| b.slow_call_duration(Duration::ZERO),
            "slow_call_duration is 0ns",
        ),
        (
            |b| b.slow_call_duration(SEC).slow_call_rate_threshold(-0.1),
            "slow_call_rate_threshold is -0.1",
        ),
        (
            |b| b.slow_call_rate_threshold(0.5),
            "slow_call_rate_threshold is 0.5",
        ),
        (
            |b| b.sliding_window(Window::time(9 * MS)),
            "sliding_window is 9ms, allowed is 10ms..=3600s",
        ),
        (
            |b| b.sliding_window(Window::time(Duration::MAX)),
            "sliding_window is",
        ),
        (
            |b| b.sliding_window(Window::calls(0)).minimum_calls(1),
            "sliding_window is 0",
        ),
        (
            |b| b.sliding_window(Window::calls(1_000_001)),
            "sliding_window is 1000001",
        ),
        (|b| b.minimum_calls(0), "minimum_calls is 0"),
        (
            |b| b.sliding_window(Window::calls(10)),
            "minimum_calls is 20, allowed is 1..=10",
        ),
        (
            |b| b.wait_duration_in_open(Duration::ZERO),
            "wait_duration_in_open is 0ns",
        ),
        (
            |b| b.max_wait_duration_in_open(SEC),
            "max_wait_duration_in_open is 1s, allowed is 5s..=86400s",
        ),
        (|b| b.wait_factor(0.5), "wait_factor is 0.5"),
        (|b| b.wait_factor(f64::NAN), "wait_factor is NaN"),
        (
            |b| b.wait_jitter(0.6),
            "wait_jitter is 0.6, allowed is 0..=0.5",
        ),
        (
            |b| b.permitted_calls_in_half_open(0),
            "permitted_calls_in_half_open is 0",
        ),
        (
            |b| b.permitted_calls_in_half_open(u32::MAX),
            "permitted_calls_in_half_open is",
        ),
        (|b| b.probe_lease(Duration::ZERO), "probe_lease is 0ns"),
        (
            |b| b.count_slow_in_flight(true),
            "count_slow_in_flight is on, allowed is on only together with slow_call_duration",
        ),
        (
            |b| b.honour_retry_after(Duration::ZERO),
            "honour_retry_after is 0ns",
        ),
    ];
    for (configure, expected) in cases {
        let error = configure(CircuitBreaker::builder("bad"))
            .build()
            .unwrap_err();
        assert_eq!(error.problems().len(), 1, "{error}");
        let message = error.to_string();
        assert!(
            message.contains("circuit_breaker `bad`") && message.contains(expected),
            "{message}"
        );
    }
}

#[test]
fn all_problems_are_told_at_once() {
    // P-77
    let error = CircuitBreaker::builder("bad")
        .failure_rate_threshold(f64::NAN)
        .minimum_calls(0)
        .probe_lease(Duration::ZERO)
        .build()
        .unwrap_err();
    let keys: Vec<_> = error.problems().iter().map(|problem| problem.key).collect();
    assert_eq!(
        keys,
        ["failure_rate_threshold", "minimum_calls", "probe_lease"]
    );
    assert_eq!(ovasabi_core::Error::from(error).reason(), "config.invalid");
}

#[test]
fn the_smallest_and_the_largest_values_work() {
    let small = |builder: CircuitBreakerBuilder| {
        builder
            .sliding_window(Window::time(10 * MS))
            .minimum_calls(1)
            .wait_duration_in_open(MS)
            .max_wait_duration_in_open(MS)
            .wait_jitter(0.5)
            .permitted_calls_in_half_open(1)
            .probe_lease(MS)
    };
    let (builder, hand) = builder();
    let breaker = small(builder).build().unwrap();
    for _ in 0..100 {
        calls(&breaker, Class::Failure, 1);
        assert!(breaker.try_acquire().is_err());
        hand.advance(MS);
    }

    let (builder, _hand) = self::builder();
    let breaker = builder
        .sliding_window(Window::calls(1_000_000))
        .minimum_calls(1_000_000)
        .consecutive_failures(u32::MAX)
        .wait_duration_in_open(86_400 * SEC)
        .max_wait_duration_in_open(86_400 * SEC)
        .permitted_calls_in_half_open(1_000)
        .build()
        .unwrap();
    calls(&breaker, Class::Failure, 999_999);
    assert_eq!(breaker.state(), State::Closed);
    calls(&breaker, Class::Failure, 1);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn two_living_breakers_of_one_name_are_refused() {
    let registry = Registry::new();
    let build = || CircuitBreaker::builder("twin").inspect(&registry).build();
    let first = build().unwrap();
    let error = build().unwrap_err();
    assert_eq!(error.problems()[0].key, "name");
    drop(first);
    assert!(build().is_ok());
}

#[test]
fn public_types_are_send_and_sync() {
    use ovasabi_resilience::{breaker, config, keyed};
    fn check<T: Send + Sync + std::fmt::Debug>() {}
    check::<CircuitBreaker>();
    check::<CircuitBreakerBuilder>();
    check::<breaker::CircuitBreakerLayer>();
    check::<breaker::CircuitBreakerService<()>>();
    check::<breaker::Changes>();
    check::<breaker::Permit>();
    check::<breaker::Snapshot>();
    check::<breaker::Transition>();
    check::<breaker::future::Held>();
    check::<breaker::future::ResponseFuture<(), (), (), ()>>();
    check::<config::ConfigError>();
    check::<keyed::KeyedCircuitBreaker<String>>();
    check::<keyed::KeyedCircuitBreakerBuilder<String>>();
    check::<keyed::KeyedCircuitBreakerLayer<String, ()>>();
    check::<keyed::KeyedCircuitBreakerService<(), String, ()>>();
}
