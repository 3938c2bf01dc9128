//! The usual five layers: deadline, rate limit, concurrency limit, breaker, retry.

use std::time::Duration;

use ovasabi_core::classify::ByResult;
use ovasabi_resilience::breaker::{CircuitBreakerLayer, Window};
use tower::ServiceBuilder;

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
