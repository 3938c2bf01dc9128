//! Load shedding and throttling that refuse nothing.

use ovasabi_core::classify::ByResult;
use ovasabi_resilience::shed::{LoadShed, Policy, ShedLayer, ShedService, Throttle};
use tower::Layer;

use super::BARE;
use crate::{Bare, Case, over};

/// Peers have nothing like them: tower's load shed refuses whatever is not ready.
pub(super) const CASES: &[Case] = &[
    BARE,
    Case::new("ovasabi throttle", || over(throttle(), layered)).and_two_threads(),
    Case::new("ovasabi throttle, static", || {
        over(throttle().leak(), layered)
    })
    .and_two_threads(),
    Case::new("ovasabi load shed", || over(shed(), layered)).and_two_threads(),
    Case::new("ovasabi load shed, static", || over(shed().leak(), layered)).and_two_threads(),
    Case::new("ovasabi load shed with a probe, static", || {
        let shed = LoadShed::builder("bench").probe(|| 0.0).build();
        over(shed.expect("the settings are in range").leak(), layered)
    }),
];

fn throttle() -> Throttle {
    let throttle = Throttle::builder("bench").build();
    throttle.expect("the settings are in range")
}

fn shed() -> LoadShed {
    let shed = LoadShed::builder("bench").in_flight_limit(100).build();
    shed.expect("the settings are in range")
}

fn layered<P: Policy>(policy: &P) -> ShedService<Bare, P, ByResult> {
    let layer = ShedLayer::new(policy.clone()).classify(ByResult::new());
    layer.layer(Bare)
}
