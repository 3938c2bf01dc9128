//! The circuit breaker.

use std::time::Duration;

use ovasabi_core::admit::Settle;
use ovasabi_core::classify::Class;
use ovasabi_core::time::{Clock, ClockHand};
use ovasabi_resilience::breaker::{CircuitBreaker, CircuitBreakerBuilder, State};

mod config;
mod control;
mod events;
mod half_open;
mod in_flight;
mod keyed;
mod layer;
#[cfg(feature = "testkit")]
mod model;
mod open;
mod ready;
mod reconfigure;
mod retry_after;
mod window;

const MS: Duration = Duration::from_millis(1);
const SEC: Duration = Duration::from_secs(1);

/// A builder over a clock that stands still, whose breaks all last exactly five seconds.
fn builder() -> (CircuitBreakerBuilder, ClockHand) {
    let (clock, hand) = Clock::manual();
    (
        CircuitBreaker::builder("test")
            .clock(clock)
            .wait_jitter(0.0)
            .wait_factor(1.0),
        hand,
    )
}

/// Makes a call that ends at once, if it is admitted.
fn call(breaker: &CircuitBreaker, class: Class) -> bool {
    let admitted = breaker.try_acquire();
    let is_admitted = admitted.is_ok();
    if let Ok(permit) = admitted {
        permit.settle(class);
    }
    is_admitted
}

fn calls(breaker: &CircuitBreaker, class: Class, count: usize) {
    for _ in 0..count {
        assert!(call(breaker, class), "refused: {:?}", breaker.snapshot());
    }
}

/// A breaker that has just opened, for five seconds.
fn opened(
    configure: impl FnOnce(CircuitBreakerBuilder) -> CircuitBreakerBuilder,
) -> (CircuitBreaker, ClockHand) {
    let (builder, hand) = builder();
    let breaker = configure(builder.consecutive_failures(1)).build().unwrap();
    calls(&breaker, Class::Failure, 1);
    assert_eq!(breaker.state(), State::Open);
    (breaker, hand)
}
