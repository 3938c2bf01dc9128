//! Circuit breakers, closed.

use std::time::Duration;

use failsafe::futures::CircuitBreaker as _;
use ovasabi_core::classify::ByResult;
use ovasabi_resilience::breaker::{
    CircuitBreaker, CircuitBreakerLayer, CircuitBreakerService, Window,
};
use tower::{Layer, Service, service_fn};

use super::{BARE, LONG};
use crate::{Bare, Case, Driven, Maker, Measured, over};

pub(super) const CASES: &[Case] = &[
    BARE,
    Case::new("ovasabi time window", || over(time(), layered)).and_two_threads(),
    Case::new("ovasabi time window, static", || {
        over(time().leak(), layered)
    })
    .and_two_threads(),
    Case::new("ovasabi count window", || over(count(), layered)).and_two_threads(),
    Case::new("ovasabi count window, static", || {
        over(count().leak(), layered)
    })
    .and_two_threads(),
    Case::new("ovasabi time window, 10^6 calls in it", || {
        let breaker = breaker(Window::time(LONG));
        Driven::new(|| layered(&breaker)).run(1_000_000);
        over(breaker, layered)
    }),
    Case::new("ovasabi time window, slow calls", || {
        over(slow(false), layered)
    }),
    Case::new("ovasabi time window, slow calls in flight", || {
        over(slow(true), layered)
    })
    .and_two_threads(),
    Case::new("tower-resilience count window", || {
        over(tower_resilience(None), |layer| layer.layer(Bare))
    }),
    Case::new(
        "tower-resilience time window, 10^3 calls in it",
        tower_resilience_filled,
    ),
    Case::new("recloser async, no layer", || {
        let built = recloser::Recloser::custom()
            .error_rate(0.5)
            .closed_len(100)
            .build();
        over(recloser::AsyncRecloser::from(built), |recloser| {
            let recloser = recloser.clone();
            service_fn(move |request| recloser.call(Bare.call(request)))
        })
    }),
    Case::new("failsafe async, no layer", || {
        over(failsafe::Config::new().build(), |breaker| {
            let breaker = breaker.clone();
            service_fn(move |request| breaker.call(Bare.call(request)))
        })
    }),
];

fn time() -> CircuitBreaker {
    breaker(Window::time(Duration::from_secs(30)))
}

fn count() -> CircuitBreaker {
    breaker(Window::calls(64))
}

fn slow(in_flight: bool) -> CircuitBreaker {
    let built = CircuitBreaker::builder("bench")
        .slow_call_duration(Duration::from_secs(1))
        .count_slow_in_flight(in_flight)
        .build();
    built.expect("the settings are in range")
}

fn layered(breaker: &CircuitBreaker) -> CircuitBreakerService<Bare, ByResult> {
    let layer = CircuitBreakerLayer::new(breaker.clone()).classify(ByResult::new());
    layer.layer(Bare)
}

pub(super) fn breaker(window: Window) -> CircuitBreaker {
    let built = CircuitBreaker::builder("bench")
        .sliding_window(window)
        .failure_rate_threshold(0.5)
        .build();
    built.expect("the settings are in range")
}

pub(super) type Peer = tower_resilience_circuitbreaker::CircuitBreakerLayer<
    tower_resilience_circuitbreaker::DefaultClassifier,
>;

pub(super) fn tower_resilience(duration: Option<Duration>) -> Peer {
    use tower_resilience_circuitbreaker::{CircuitBreakerLayer, SlidingWindowType};
    let builder = CircuitBreakerLayer::builder()
        .failure_rate_threshold(0.5)
        .sliding_window_size(100);
    let builder = match duration {
        Some(duration) => builder
            .sliding_window_type(SlidingWindowType::TimeBased)
            .sliding_window_duration(duration),
        None => builder,
    };
    builder.build().expect("the settings are in range")
}

fn tower_resilience_filled() -> Maker {
    let layer = tower_resilience(Some(LONG));
    Box::new(move || {
        let mut made = Driven::new(|| layer.layer(Bare));
        made.run(1_000);
        Box::new(made)
    })
}
