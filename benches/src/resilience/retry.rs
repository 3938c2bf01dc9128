//! Retries that are not needed: the first answer is good.

use std::future::Ready;
use std::time::Duration;

use ovasabi_core::classify::ByResult;
use ovasabi_resilience::retry::{RetryLayer, RetryPolicy};
use tower::Layer;

use super::BARE;
use crate::{Bare, Case, Failure, over};

pub(super) const CASES: &[Case] = &[
    BARE,
    Case::new("ovasabi retry", || over(layer(), |layer| layer.layer(Bare))).and_two_threads(),
    Case::new("tower retry", || {
        over(tower::retry::RetryLayer::new(TwiceMore(2)), |layer| {
            layer.layer(Bare)
        })
    }),
    Case::new("tower-resilience retry", || {
        over(tower_resilience(), |layer| layer.layer(Bare))
    }),
];

pub(super) fn layer() -> RetryLayer<ByResult> {
    let policy = RetryPolicy::builder("bench").build();
    RetryLayer::new(policy.expect("the settings are in range")).classify(ByResult::new())
}

pub(super) fn tower_resilience() -> tower_resilience_retry::RetryLayer<u64, u64, Failure> {
    tower_resilience_retry::RetryLayer::<u64, u64, Failure>::builder()
        .max_attempts(3)
        .exponential_backoff(Duration::from_millis(50))
        .build()
}

/// The least that tower asks of a policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct TwiceMore(pub(super) u32);

impl<E> tower::retry::Policy<u64, u64, E> for TwiceMore {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut u64, result: &mut Result<u64, E>) -> Option<Ready<()>> {
        if result.is_ok() || self.0 == 0 {
            return None;
        }
        self.0 -= 1;
        Some(std::future::ready(()))
    }

    fn clone_request(&mut self, request: &u64) -> Option<u64> {
        Some(*request)
    }
}
