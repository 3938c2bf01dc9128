//! The budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ovasabi_core::inspect::Registry;
use ovasabi_core::time::{Clock, Tick};
use ovasabi_resilience::retry::{RetryBudget, RetryBudgetBuilder, RetryLayer};
use tower::{Layer, ServiceExt};

use super::{SEC, Upstream, get};

fn builder() -> RetryBudgetBuilder {
    RetryBudget::builder("test")
        .floor_per_second(0)
        .reserve(1_000)
}

fn withdrawn(budget: &RetryBudget, tries: u32) -> u32 {
    (0..tries).map(|_| u32::from(budget.withdraw())).sum()
}

#[test]
fn the_ratio_is_exact() {
    // P-22
    for (ratio, retries) in [
        (0.6, 600),
        (0.7, 700),
        (0.9, 900),
        (0.3, 300),
        (0.001, 1),
        (0.0, 0),
    ] {
        let budget = builder().ratio(ratio).build().unwrap();
        (0..1_000).for_each(|_| budget.deposit());
        assert_eq!(withdrawn(&budget, 2_000), retries, "{ratio}");
    }
}

#[test]
fn many_threads_withdraw_exactly_what_is_there() {
    // P-23
    let budget = builder().ratio(1.0).build().unwrap();
    (0..100).for_each(|_| budget.deposit());
    let taken = Arc::new(AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| taken.fetch_add(withdrawn(&budget, 10), Ordering::Relaxed));
        }
    });
    assert_eq!(taken.load(Ordering::Relaxed), 100);
    assert_eq!(budget.balance(), 0);
}

#[test]
fn no_more_is_saved_up_than_the_reserve() {
    let budget = builder().reserve(7).ratio(10.0).build().unwrap();
    (0..100).for_each(|_| budget.deposit());
    assert_eq!(budget.balance(), 7);
    assert_eq!(withdrawn(&budget, 100), 7);
}

#[test]
fn the_floor_gives_so_many_a_second_and_no_more() {
    let (clock, hand) = Clock::manual();
    let budget = builder().floor_per_second(3).clock(clock).build().unwrap();
    assert_eq!(withdrawn(&budget, 100), 3);
    hand.advance(SEC / 3);
    assert_eq!(
        withdrawn(&budget, 100),
        0,
        "a third of a second is rounded up"
    );
    hand.advance(Duration::from_nanos(1));
    assert_eq!(withdrawn(&budget, 100), 1);
    hand.advance(3_600 * SEC);
    assert_eq!(withdrawn(&budget, 100), 3);
}

#[test]
fn an_absurd_clock_opens_no_floor() {
    let (clock, hand) = Clock::manual();
    let budget = builder().floor_per_second(10).clock(clock).build().unwrap();
    hand.set(Tick::MAX);
    assert_eq!(withdrawn(&budget, 1_000), 10);
    hand.set(Tick::ZERO);
    assert_eq!(withdrawn(&budget, 1_000), 0);
}

#[tokio::test(start_paused = true)]
async fn requests_that_succeed_at_once_fill_it_too() {
    // P-38
    let budget = builder().ratio(0.5).build().unwrap();
    let service = RetryLayer::new(budget.clone()).layer(Upstream::new([]));
    for _ in 0..10 {
        service.clone().oneshot(get()).await.unwrap();
    }
    assert_eq!(budget.balance(), 5);
}

#[test]
fn layers_over_one_budget_share_it() {
    // P-76
    let budget = builder().ratio(1.0).build().unwrap();
    let layer = RetryLayer::new(budget.clone());
    let (mut one, mut two) = (
        layer.layer(Upstream::new([])),
        layer.layer(Upstream::new([])),
    );
    drop(tower::Service::call(&mut one, get()));
    drop(tower::Service::call(&mut two, get()));
    assert_eq!(budget.balance(), 2);
}

#[test]
fn what_cannot_be_is_refused_all_at_once() {
    // P-77
    let error = RetryBudget::builder("payments")
        .ratio(f64::NAN)
        .floor_per_second(u32::MAX)
        .reserve(0)
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot build retry_budget `payments`: ratio is NaN, allowed is 0 or 0.001..=10; \
         floor_per_second is 4294967295, allowed is 0..=1000000; reserve is 0, allowed is 1..=1000000"
    );
    for ratio in [-0.1, 10.1, 0.000_9, f64::INFINITY] {
        assert!(builder().ratio(ratio).build().is_err(), "{ratio}");
    }
}

#[test]
fn it_says_what_it_did() {
    let registry = Registry::new();
    let budget = builder().ratio(2.0).inspect(&registry).build().unwrap();
    budget.deposit();
    assert_eq!(withdrawn(&budget, 5), 2);
    let report = &registry.reports()[0];
    assert_eq!(report.kind, "retry_budget");
    assert_eq!(report.counter("retry_budget.spent"), Some(2));
    assert_eq!(report.counter("retry_budget.refused"), Some(3));
    assert!(
        builder().inspect(&registry).build().is_err(),
        "the name is taken"
    );
}
