//! The budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ovasabi_core::classify::Class;
use ovasabi_core::inspect::Registry;
use ovasabi_core::time::{Clock, Tick};
use ovasabi_resilience::retry::{RetryBudget, RetryBudgetBuilder, RetryLayer};
use tower::{Layer, ServiceExt};

use super::Answer::Status;
use super::{SEC, Upstream, get};
use crate::logged;

fn builder() -> RetryBudgetBuilder {
    RetryBudget::builder("test")
        .floor_per_second(0)
        .reserve(1_000)
}

/// A layer of a policy of its own over this budget.
fn over(budget: &RetryBudget) -> RetryLayer {
    super::builder()
        .budget(budget.clone())
        .build()
        .unwrap()
        .layer()
}

fn withdrawn(budget: &RetryBudget, tries: u32) -> u32 {
    (0..tries)
        .map(|_| u32::from(budget.withdraw(Class::Failure)))
        .sum()
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
    let service = over(&budget).layer(Upstream::new([]));
    for _ in 0..10 {
        service.clone().oneshot(get()).await.unwrap();
    }
    assert_eq!(budget.balance(), 5);
}

#[test]
fn layers_over_one_budget_share_it() {
    // P-76
    let budget = builder().ratio(1.0).build().unwrap();
    let (mut one, mut two) = (
        over(&budget).layer(Upstream::new([])),
        over(&budget).layer(Upstream::new([])),
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

#[tokio::test(start_paused = true)]
async fn the_bucket_of_aws_costs_by_class_and_is_filled_by_success() {
    // P-38
    let budget = || RetryBudget::aws_builder("aws").build().unwrap();
    assert_eq!(withdrawn(&budget(), 100), 500 / 14);
    let throttled = budget();
    assert_eq!(
        (0..200)
            .filter(|_| throttled.withdraw(Class::Throttled))
            .count(),
        500 / 5
    );

    // Requests give nothing as such: a success at the first try gives one.
    let shared = budget();
    assert!(shared.withdraw(Class::Failure));
    let service = over(&shared).layer(Upstream::new([Status(500)]));
    service.clone().oneshot(get()).await.unwrap();
    assert_eq!(shared.balance(), 486, "a failure gives nothing");
    for _ in 0..10 {
        service.clone().oneshot(get()).await.unwrap();
    }
    assert_eq!(shared.balance(), 496);
    for _ in 0..10 {
        service.clone().oneshot(get()).await.unwrap();
    }
    assert_eq!(shared.balance(), 500, "no more than the reserve");
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_succeeds_repays_what_it_cost() {
    let budget = RetryBudget::aws_builder("aws").build().unwrap();
    let failing = over(&budget).layer(Upstream::new([Status(503); 3]));
    failing.oneshot(get()).await.unwrap();
    assert_eq!(budget.balance(), 500 - 2 * 14, "both failed");
    let throttled = over(&budget).layer(Upstream::new([Status(429), Status(503)]));
    throttled.oneshot(get()).await.unwrap();
    assert_eq!(
        budget.balance(),
        500 - 2 * 14 - 5,
        "the second retry gave its 14 back, the first one's 5 are gone"
    );
}

#[test]
fn every_number_can_change_and_what_is_saved_stays() {
    let budget = builder().ratio(1.0).build().unwrap();
    (0..50).for_each(|_| budget.deposit());
    budget
        .reconfigure(builder().ratio(0.5).failure_cost(4))
        .unwrap();
    assert_eq!(budget.balance(), 50);
    (0..4).for_each(|_| budget.deposit());
    assert_eq!(withdrawn(&budget, 100), 13, "52 tokens at 4");
    (0..200).for_each(|_| budget.deposit());
    budget.reconfigure(builder().reserve(10)).unwrap();
    assert_eq!(budget.balance(), 10, "the reserve is smaller now");
    assert_eq!(withdrawn(&budget, 100), 10);

    let error = budget
        .reconfigure(builder().ratio(-1.0).reserve(0))
        .unwrap_err();
    assert_eq!(error.problems().len(), 2, "{error}");
    (0..5).for_each(|_| budget.deposit());
    assert_eq!(budget.balance(), 1, "nothing has changed");
}

#[test]
fn costs_above_the_reserve_and_a_bucket_without_a_tap_are_refused() {
    let error = builder()
        .ratio(0.0)
        .reserve(10)
        .failure_cost(11)
        .throttled_cost(0)
        .start_full(true)
        .build()
        .unwrap_err();
    let keys: Vec<_> = error.problems().iter().map(|problem| problem.key).collect();
    assert_eq!(keys, ["failure_cost", "throttled_cost", "start_full"]);
}

#[test]
fn a_budget_that_runs_dry_says_so_once_in_a_while() {
    let (clock, hand) = Clock::manual();
    let budget = builder().clock(clock).build().unwrap();
    let said = |pause| {
        let lines = logged::lines(ovasabi_resilience::retry::TARGET, || {
            hand.advance(pause);
            assert_eq!(withdrawn(&budget, 1_000), 0);
        });
        lines.len()
    };
    assert_eq!(
        [said(Duration::ZERO), said(9 * SEC), said(2 * SEC)],
        [1, 0, 1]
    );
}
