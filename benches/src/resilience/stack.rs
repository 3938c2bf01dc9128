//! The usual five layers: deadline, rate limit, concurrency limit, breaker, retry.

use std::num::NonZeroU32;
use std::time::Duration;

use ovasabi_core::classify::ByResult;
use ovasabi_resilience::breaker::{CircuitBreakerLayer, Window};
use ovasabi_resilience::stack::{ClientLayer, RateLimitConfig, Stack};
use tower::{Layer, ServiceBuilder};

use super::{BARE, breaker, concurrency, deadline, rate_limit, retry};
use crate::{Bare, Case, over};

pub(super) const CASES: &[Case] = &[
    BARE,
    Case::new("ovasabi, by hand", || {
        let breaker = breaker::breaker(Window::time(Duration::from_secs(30)));
        let breaker = CircuitBreakerLayer::new(breaker).classify(ByResult::new());
        let layers = ServiceBuilder::new()
            .layer(deadline::layer())
            .layer(rate_limit::direct())
            .layer(retry::layer())
            .layer(breaker)
            .layer(concurrency::layer(&concurrency::fixed()));
        over(layers, |layers| layers.clone().service(Bare))
    })
    .and_two_threads(),
    Case::new("ovasabi, fused", || {
        over(fused(), |layer| layer.layer(Bare))
    })
    .and_two_threads(),
    Case::new("tower-resilience", || {
        over((), |()| {
            ServiceBuilder::new()
                .map_err(drop)
                .layer(deadline::tower_resilience())
                .map_err(drop)
                .layer(rate_limit::tower_resilience())
                .map_err(drop)
                .layer(concurrency::bulkhead())
                .map_err(drop)
                .layer(breaker::tower_resilience(None))
                .layer(retry::tower_resilience())
                .service(Bare)
        })
    }),
    Case::new(
        "tower: timeout, rate, concurrency, retry, no breaker",
        || {
            over((), |()| {
                ServiceBuilder::new()
                    .timeout(Duration::from_secs(5))
                    .rate_limit(u64::from(u32::MAX), Duration::from_secs(1))
                    .concurrency_limit(50)
                    .retry(retry::TwiceMore(2))
                    .service(Bare)
            })
        },
    ),
];

/// The same five in one service, and a timeout for each attempt with them.
fn fused() -> ClientLayer<ByResult> {
    let quota = RateLimitConfig::per_second(NonZeroU32::MAX);
    let stack = Stack::http_client("bench").rate_limit(quota).build();
    stack
        .expect("the settings are in range")
        .layer()
        .classify(ByResult::new())
}
