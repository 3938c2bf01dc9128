//! Concurrency limits with room.

use std::num::NonZeroU32;

use ovasabi_core::classify::ByResult;
use ovasabi_resilience::concurrency::{
    ConcurrencyLimitLayer, ConcurrencyLimitService, ConcurrencyLimiter, Gradient2, Queue,
};
use tower::Layer;

use super::BARE;
use crate::{Bare, Case, over};

pub(super) const CASES: &[Case] = &[
    BARE,
    Case::new("ovasabi fixed", || over(fixed(), layered)).and_two_threads(),
    Case::new("ovasabi fixed, static", || over(fixed().leak(), layered)).and_two_threads(),
    Case::new("ovasabi fixed, queue", || {
        over(fixed(), |limiter| layer(limiter).queued().layer(Bare))
    }),
    Case::new("tower concurrency limit", || {
        over(tower::limit::ConcurrencyLimitLayer::new(50), |layer| {
            layer.layer(Bare)
        })
    }),
    Case::new("tower-resilience bulkhead", || {
        over(bulkhead(), |layer| layer.layer(Bare))
    }),
    Case::new("ovasabi adaptive", || over(adaptive(), layered)).and_two_threads(),
    Case::new("ovasabi adaptive, static", || {
        over(adaptive().leak(), layered)
    })
    .and_two_threads(),
    Case::new("tower-resilience AIMD", || {
        let aimd = tower_resilience_adaptive::Aimd::builder()
            .initial_limit(20)
            .min_limit(20)
            .max_limit(200)
            .build();
        let aimd = aimd.expect("the settings are in range");
        over(
            tower_resilience_adaptive::AdaptiveLimiterLayer::new(aimd),
            |layer| layer.layer(Bare),
        )
    }),
];

pub(super) fn layer(limiter: &ConcurrencyLimiter) -> ConcurrencyLimitLayer<ByResult> {
    ConcurrencyLimitLayer::new(limiter.clone()).classify(ByResult::new())
}

fn layered(limiter: &ConcurrencyLimiter) -> ConcurrencyLimitService<Bare, ByResult> {
    layer(limiter).layer(Bare)
}

/// With a queue, which only layers that wait use.
pub(super) fn fixed() -> ConcurrencyLimiter {
    let fifty = NonZeroU32::MIN.saturating_add(49);
    let built = ConcurrencyLimiter::builder("bench", fifty)
        .queue(Queue::fifo(100))
        .build();
    built.expect("the settings are in range")
}

fn adaptive() -> ConcurrencyLimiter {
    let built = ConcurrencyLimiter::adaptive("bench", Gradient2::default()).build();
    built.expect("the settings are in range")
}

pub(super) fn bulkhead() -> tower_resilience_bulkhead::BulkheadLayer {
    tower_resilience_bulkhead::BulkheadLayer::builder()
        .max_concurrent_calls(50)
        .build()
        .expect("the settings are in range")
}
