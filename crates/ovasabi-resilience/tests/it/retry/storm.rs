//! Many clients, all failing.

use std::time::Duration;

use ovasabi_core::backoff::Constant;
use ovasabi_resilience::retry::{RetryBudget, RetryLayer, RetryPolicy};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tower::{Layer, ServiceExt};

use super::Answer::Status;
use super::{MS, SEC, Upstream, builder, get, plenty};

/// A budget with a share of 20 % and no floor.
fn share() -> RetryLayer {
    let budget = RetryBudget::builder("share").floor_per_second(0).build();
    let policy = builder().budget(budget.unwrap());
    policy
        .backoff(Constant(Duration::ZERO))
        .build()
        .unwrap()
        .layer()
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

/// Requests arrive evenly, whatever becomes of those before.
#[tokio::test(start_paused = true)]
async fn three_tiers_in_an_outage_add_their_shares_and_their_floors() {
    // P-24: 1 000 requests a second for 10 s, default budgets.
    const REQUESTS: usize = 10_000;
    let tier = || RetryPolicy::builder("tier").build().unwrap().layer();
    let upstream = Upstream::new(vec![Status(503); 27 * REQUESTS]);
    let log = upstream.log();
    let service = tier().layer(tier().layer(tier().layer(upstream)));
    let start = Instant::now();
    let mut ticks = tokio::time::interval(MS);
    let mut calls = JoinSet::new();
    for _ in 0..REQUESTS {
        ticks.tick().await;
        calls.spawn(service.clone().oneshot(get()));
    }
    calls.join_all().await;
    // Ten a second, and those of the first moment.
    let floor = 10 * (usize::try_from(start.elapsed().as_secs()).unwrap() + 2);
    // What one tier adds, the next one multiplies.
    let most = [(); 3]
        .iter()
        .fold(REQUESTS, |sent, ()| sent * 12 / 10 + floor);
    let sent = log.sent();
    assert!(
        sent > REQUESTS * 165 / 100 && sent <= most,
        "{sent} of {most}"
    );
}

#[tokio::test(start_paused = true)]
async fn clients_that_failed_together_do_not_come_back_together() {
    // P-37
    for seed in [0, 1, 42, u64::MAX] {
        let slots = spread(seed).await;
        assert!(slots.iter().all(|count| *count <= 100), "{seed}: {slots:?}");
    }
}

/// The retries of 1 000 clients in each twentieth of the first second.
async fn spread(seed: u64) -> [u32; 21] {
    let upstream = Upstream::new(vec![Status(503); 1_000]);
    let log = upstream.log();
    let policy = RetryPolicy::builder("spread").budget(plenty()).base(SEC);
    let policy = policy.max_attempts(2).seed(seed).build().unwrap();
    let service = policy.layer().layer(upstream);
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
    slots
}
