//! Concurrency limits with room.

use std::num::NonZeroU32;

use ovasabi_core::classify::ByResult;
use ovasabi_resilience::concurrency::{ConcurrencyLimitLayer, ConcurrencyLimiter};
use tower::Layer;

use super::BARE;
use crate::{Bare, Case, over};

pub(super) const CASES: &[Case] = &[
    BARE,
    Case::new("ovasabi fixed", || over(fixed(), |layer| layer.layer(Bare))).and_two_threads(),
    Case::new("tower concurrency limit", || {
        over(tower::limit::ConcurrencyLimitLayer::new(50), |layer| {
            layer.layer(Bare)
        })
    }),
    Case::new("tower-resilience bulkhead", || {
        over(bulkhead(), |layer| layer.layer(Bare))
    }),
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

pub(super) fn fixed() -> ConcurrencyLimitLayer<ByResult> {
    let fifty = NonZeroU32::MIN.saturating_add(49);
    let built = ConcurrencyLimiter::builder("bench", fifty).build();
    ConcurrencyLimitLayer::new(built.expect("the settings are in range")).classify(ByResult::new())
}

pub(super) fn bulkhead() -> tower_resilience_bulkhead::BulkheadLayer {
    tower_resilience_bulkhead::BulkheadLayer::builder()
        .max_concurrent_calls(50)
        .build()
        .expect("the settings are in range")
}
