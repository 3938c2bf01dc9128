//! Every layer in the frameworks that people use, over a loopback socket: one accepted call, followed to the
//! end of its body, and one refused.

mod clients;
mod echo;
mod grpc;
mod servers;
mod stacks;

use std::num::NonZeroU32;
use std::time::Duration;

use http::{Method, Request};
use ovasabi_core::time::Clock;
use ovasabi_resilience::breaker::{CircuitBreaker, CircuitBreakerLayer, Mode};
use ovasabi_resilience::concurrency::{
    ConcurrencyLimitLayer, ConcurrencyLimiter, ConcurrencyQueueLayer, Permit, Queue,
};
use ovasabi_resilience::deadline::{Deadline, DeadlineLayer};
use ovasabi_resilience::fallback::Fallback;
use ovasabi_resilience::keyed::{KeyedCircuitBreaker, KeyedCircuitBreakerLayer};
use ovasabi_resilience::rate_limit::{Quota, RateLimitLayer, RateLimiter};
use ovasabi_resilience::retry::{RetryLayer, RetryPolicy};
use ovasabi_resilience::shed::{LoadShed, LoadShedLayer, Throttle, ThrottleLayer};

const LONG: Duration = Duration::from_secs(3_600);

fn breaker(mode: Mode) -> CircuitBreakerLayer {
    let breaker = CircuitBreaker::builder("sockets").build().unwrap();
    breaker.force(mode);
    CircuitBreakerLayer::new(breaker)
}

/// Finds the breaker of a request by its method, which every request has.
type MethodOf<B> = fn(&Request<B>) -> Method;

fn keyed<B>(mode: Mode) -> KeyedCircuitBreakerLayer<Method, MethodOf<B>> {
    let breakers = KeyedCircuitBreaker::builder("sockets").build().unwrap();
    for key in [Method::GET, Method::POST] {
        breakers.get(&key).force(mode);
    }
    breakers.layer(|request| request.method().clone())
}

/// A limiter with `left` in its bucket, which never comes back: its clock stands still.
fn rate(left: u32) -> RateLimitLayer {
    let burst = NonZeroU32::new(left + 1).unwrap();
    let quota = Quota::one_every(LONG).unwrap().with_burst(burst).unwrap();
    let limiter = RateLimiter::builder("sockets", quota)
        .clock(Clock::manual().0)
        .build()
        .unwrap();
    limiter.check().unwrap();
    RateLimitLayer::new(limiter)
}

fn slots(limiter: &ConcurrencyLimiter) -> ConcurrencyLimitLayer {
    ConcurrencyLimitLayer::new(limiter.clone())
}

fn one_slot() -> ConcurrencyLimiter {
    ConcurrencyLimiter::builder("sockets", NonZeroU32::MIN)
        .build()
        .unwrap()
}

fn queue(limiter: &ConcurrencyLimiter) -> ConcurrencyQueueLayer {
    slots(limiter).queued()
}

/// One slot, and room for one who waits.
fn one_slot_and_one_seat() -> ConcurrencyLimiter {
    ConcurrencyLimiter::builder("sockets", NonZeroU32::MIN)
        .queue(Queue::fifo(1).max_wait(LONG))
        .build()
        .unwrap()
}

/// Gives the slot back once somebody waits for it.
async fn give_to_who_waits(limiter: &ConcurrencyLimiter, permit: Permit) {
    while limiter.queued() == 0 {
        tokio::task::yield_now().await;
    }
    drop(permit);
}

fn deadline() -> DeadlineLayer {
    let deadline = Deadline::total("sockets", LONG).body_idle(LONG).build();
    deadline.unwrap().layer()
}

fn no_time<Req>(_: &Req) -> Option<Duration> {
    Some(Duration::ZERO)
}

fn retry() -> RetryLayer {
    RetryPolicy::builder("sockets").build().unwrap().layer()
}

/// One attempt, with so little time that a service which never answers is found out at once.
fn limited_retry() -> RetryLayer {
    let policy = RetryPolicy::builder("sockets").max_attempts(1);
    let policy = policy.per_try_timeout(Duration::from_millis(20));
    policy.build().unwrap().layer()
}

/// What fallbacks answer with.
const INSTEAD: &str = "instead";

fn fallback() -> Fallback {
    Fallback::builder("sockets").build().unwrap()
}

/// With room for one call.
fn shed() -> LoadShed {
    let builder = LoadShed::builder("sockets").in_flight_limit(1);
    builder.shed_from(1.0).build().unwrap()
}

fn shedding(shed: &LoadShed) -> LoadShedLayer {
    shed.layer()
}

/// One that has seen so many requests, none of which was accepted.
fn throttle(failed: u32) -> ThrottleLayer {
    use ovasabi_core::admit::Settle;
    let throttle = Throttle::builder("sockets")
        .clock(Clock::manual().0)
        .build()
        .unwrap();
    for _ in 0..failed {
        if let Ok(permit) = throttle.try_acquire() {
            permit.settle(ovasabi_core::classify::Class::Throttled);
        }
    }
    throttle.layer()
}

/// Lets one in a million through.
const OVERLOADED: u32 = 1_000_000;
