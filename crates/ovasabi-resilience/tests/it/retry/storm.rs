//! Many clients, all failing.

use std::num::NonZeroU32;
use std::time::Duration;

use ovasabi_core::backoff::{Constant, Exponential};
use ovasabi_resilience::retry::{RetryBudget, RetryLayer};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tower::{Layer, ServiceExt};

use super::Answer::Status;
use super::{MS, SEC, Upstream, get, layer};

/// A budget with a share of 20 % and no floor.
fn share() -> RetryLayer {
    let budget = RetryBudget::builder("share").floor_per_second(0).build();
    RetryLayer::new(budget.unwrap()).backoff(Constant(Duration::ZERO))
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_entirely_is_asked_a_fifth_more() {
    // P-24
    const REQUESTS: usize = 10_000;
    let upstream = Upstream::new(vec![Status(503); 3 * REQUESTS]);
    let log = upstream.log();
    let service = share().layer(upstream);
    for _ in 0..REQUESTS {
        assert_eq!(service.clone().oneshot(get()).await.unwrap().status(), 503);
    }
    assert_eq!(log.sent(), REQUESTS * 12 / 10);
}

#[tokio::test(start_paused = true)]
async fn three_tiers_that_fail_send_less_than_twice_as_much_and_not_27_times() {
    // P-24
    const REQUESTS: usize = 2_000;
    let upstream = Upstream::new(vec![Status(503); 27 * REQUESTS]);
    let log = upstream.log();
    let service = share().layer(share().layer(share().layer(upstream)));
    for _ in 0..REQUESTS {
        service.clone().oneshot(get()).await.unwrap();
    }
    let sent = log.sent();
    assert!(
        sent > REQUESTS * 165 / 100 && sent <= REQUESTS * 173 / 100,
        "{sent}"
    );
}

#[tokio::test(start_paused = true)]
async fn clients_that_failed_together_do_not_come_back_together() {
    // P-37
    let upstream = Upstream::new(vec![Status(503); 1_000]);
    let log = upstream.log();
    let layer = layer()
        .backoff(Exponential::new(SEC, 20 * SEC))
        .max_attempts(NonZeroU32::new(2).unwrap());
    let service = layer.layer(upstream);
    let start = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..1_000 {
        calls.spawn(service.clone().oneshot(get()));
    }
    calls.join_all().await;
    let mut slots = [0; 21];
    for time in log.times(start).split_off(1_000) {
        slots[usize::try_from(time.as_millis() / (50 * MS).as_millis()).unwrap()] += 1;
    }
    assert!(slots.iter().all(|count| *count <= 100), "{slots:?}");
}
