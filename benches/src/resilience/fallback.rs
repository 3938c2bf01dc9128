//! Fallbacks that are not needed.

use ovasabi_core::classify::ByResult;
use ovasabi_resilience::fallback::{Fallback, FallbackLayer, Value};
use tower::Layer;

use super::BARE;
use crate::{Case, Failure, over};

pub(super) const CASES: &[Case] = &[
    BARE,
    Case::new("ovasabi fallback", || {
        over(layer(), |layer| layer.layer(crate::Bare))
    })
    .and_two_threads(),
    Case::new("ovasabi fallback, static", || {
        over(layer().leak(), |layer| layer.layer(crate::Bare))
    })
    .and_two_threads(),
    Case::new("tower-resilience fallback", || {
        over(tower_resilience(), |layer| layer.layer(crate::Bare))
    }),
];

type Layered = FallbackLayer<Value<u64>, ovasabi_resilience::fallback::KeepNothing, ByResult>;

fn layer() -> Layered {
    let fallback = Fallback::builder("bench").build();
    let fallback = fallback.expect("the settings are in range");
    fallback.value(0).classify(ByResult::new())
}

fn tower_resilience() -> tower_resilience_fallback::FallbackLayer<u64, u64, Failure> {
    tower_resilience_fallback::FallbackLayer::<u64, u64, Failure>::value(0)
}
