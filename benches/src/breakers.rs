//! Circuit breakers, closed: ours and the peers'.

use std::time::Duration;

use failsafe::futures::CircuitBreaker as _;
use ovasabi_core::classify::ByResult;
use ovasabi_resilience::breaker::{
    CircuitBreaker, CircuitBreakerLayer, CircuitBreakerService, Window,
};
use tower::{Layer, Service, service_fn};

use crate::{Bare, Case, Driven, Measured};

const LONG: Duration = Duration::from_secs(3_600);

/// All that are compared, the bare service first.
pub const CASES: &[Case] = &[
    Case {
        name: "bare",
        make: || Box::new(Driven::new(Bare)),
    },
    Case {
        name: "ovasabi time window",
        make: || Box::new(layered(time_window())),
    },
    Case {
        name: "ovasabi time window, static",
        make: || Box::new(layered(time_window().leak())),
    },
    Case {
        name: "ovasabi count window",
        make: || Box::new(layered(count_window())),
    },
    Case {
        name: "ovasabi count window, static",
        make: || Box::new(layered(count_window().leak())),
    },
    Case {
        name: "ovasabi time window, 10^6 calls in it",
        make: || filled(layered(breaker(Window::time(LONG))), 1_000_000),
    },
    Case {
        name: "tower-resilience count window",
        make: || Box::new(Driven::new(tower_resilience(None))),
    },
    Case {
        name: "tower-resilience time window, 10^3 calls in it",
        make: || filled(Driven::new(tower_resilience(Some(LONG))), 1_000),
    },
    Case {
        name: "recloser async, no layer",
        make: || {
            let built = recloser::Recloser::custom()
                .error_rate(0.5)
                .closed_len(100)
                .build();
            let recloser = recloser::AsyncRecloser::from(built);
            let service = service_fn(move |request| recloser.call(Bare.call(request)));
            Box::new(Driven::new(service))
        },
    },
    Case {
        name: "failsafe async, no layer",
        make: || {
            let failsafe = failsafe::Config::new().build();
            let service = service_fn(move |request| failsafe.call(Bare.call(request)));
            Box::new(Driven::new(service))
        },
    },
];

/// Ours over a window of 30 s.
#[must_use]
pub fn time_window() -> CircuitBreaker {
    breaker(Window::time(Duration::from_secs(30)))
}

/// Ours over the last 64 calls.
#[must_use]
pub fn count_window() -> CircuitBreaker {
    breaker(Window::calls(64))
}

/// The bare service behind `breaker`.
#[must_use]
pub fn layered(breaker: CircuitBreaker) -> Driven<CircuitBreakerService<Bare, ByResult>> {
    let layer = CircuitBreakerLayer::new(breaker).classify(ByResult::new());
    Driven::new(layer.layer(Bare))
}

fn breaker(window: Window) -> CircuitBreaker {
    let built = CircuitBreaker::builder("bench")
        .sliding_window(window)
        .failure_rate_threshold(0.5)
        .build();
    built.expect("the settings are in range")
}

fn tower_resilience(duration: Option<Duration>) -> impl Service<u64> {
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
    let built = builder.build().expect("the settings are in range");
    built.layer(Bare)
}

fn filled(mut measured: impl Measured + 'static, calls: u64) -> Box<dyn Measured> {
    measured.run(calls);
    Box::new(measured)
}
