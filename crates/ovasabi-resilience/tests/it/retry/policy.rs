//! The handle: its numbers, counters and controls.

use ovasabi_core::Context;
use ovasabi_core::backoff::Constant;
use ovasabi_core::inspect::Registry;
use ovasabi_resilience::retry::{EmptyBody, RetryBudget, RetryPolicy, RetryPolicyBuilder, Totals};
use std::time::Duration;
use tower::{Layer, ServiceExt};

use super::Answer::{Broken, Hint, Refused, Status};
use super::{Answer, MS, Req, SEC, Upstream, builder, get, post};

/// What is counted for one request.
async fn totals(policy: RetryPolicyBuilder, script: &[Answer], request: Req) -> Totals {
    let policy = policy.build().unwrap();
    let upstream = Upstream::new(script.iter().copied());
    let _ = policy.layer().layer(upstream).oneshot(request).await;
    policy.totals()
}

#[tokio::test(start_paused = true)]
async fn each_reason_to_give_a_result_back_is_counted_apart() {
    let none = RetryBudget::builder("none")
        .ratio(0.0)
        .floor_per_second(0)
        .build()
        .unwrap();
    let soon = Context::background().with_timeout(50 * MS);
    let counted = [
        (
            totals(builder(), &[Status(500)], get()).await.not_retryable,
            "not retryable",
        ),
        (
            totals(builder(), &[Broken], post()).await.not_idempotent,
            "not idempotent",
        ),
        (
            totals(builder(), &[Status(503); 3], get())
                .await
                .attempts_exhausted,
            "attempts",
        ),
        (
            totals(builder(), &[Hint(503, "retry-after", "21")], get())
                .await
                .hint_too_long,
            "hint",
        ),
        (
            totals(builder(), &[Status(503)], soon.attach(get()))
                .await
                .deadline,
            "deadline",
        ),
        (
            totals(builder().budget(none), &[Status(503)], get())
                .await
                .budget,
            "budget",
        ),
    ];
    for (count, reason) in counted {
        assert_eq!(count, 1, "{reason}");
    }

    let policy = builder().build().unwrap();
    let layer = policy.layer().replay(EmptyBody);
    let full = http::Request::put("/").body("x".into()).unwrap();
    layer
        .layer(Upstream::new([Status(503)]))
        .oneshot(full)
        .await
        .unwrap();
    assert_eq!(policy.totals().not_replayable, 1);
}

#[tokio::test(start_paused = true)]
async fn what_goes_well_and_what_we_refuse_ourselves_counts_for_nothing() {
    for answer in [Status(200), Status(404), Refused] {
        assert_eq!(
            totals(builder(), &[answer], get()).await,
            Totals::default(),
            "{answer:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_closed_gate_is_the_reason() {
    // Neither attempts nor budget are left.
    let policy = builder().max_attempts(1).max_retry_after(Duration::ZERO);
    let totals = totals(policy, &[Hint(503, "retry-after", "9")], get()).await;
    assert_eq!((totals.attempts_exhausted, totals.hint_too_long), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_registry_shows_what_was_counted() {
    let registry = Registry::new();
    let policy = RetryPolicy::builder("payments")
        .inspect(&registry)
        .build()
        .unwrap();
    let upstream = Upstream::new([Status(503), Status(200), Status(500)]);
    let service = policy.layer().layer(upstream);
    service.clone().oneshot(get()).await.unwrap();
    service.oneshot(get()).await.unwrap();

    let reports = registry.reports();
    let kinds: Vec<_> = reports.iter().map(|report| report.kind).collect();
    assert_eq!(kinds, ["retry", "retry_budget"], "its own budget joins too");
    let counters = [
        "retry.requests",
        "retry.attempts",
        "retry.recovered",
        "retry.given_back",
    ];
    let counted = counters.map(|name| reports[0].counter(name).unwrap());
    assert_eq!(counted, [1, 1, 1, 1]);
    assert_eq!(reports[1].counter("retry_budget.spent"), Some(1));
    assert!(
        RetryPolicy::builder("payments")
            .inspect(&registry)
            .build()
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn retries_can_be_turned_off_from_outside() {
    let registry = Registry::new();
    let policy = RetryPolicy::builder("payments")
        .inspect(&registry)
        .build()
        .unwrap();
    registry
        .control("retry", "payments", "max_attempts", Some("1"))
        .unwrap();
    let upstream = Upstream::new([Status(503); 3]);
    let log = upstream.log();
    policy.layer().layer(upstream).oneshot(get()).await.unwrap();
    assert_eq!(log.sent(), 1);
    for argument in [None, Some("0"), Some("101"), Some("many")] {
        let refused = registry.control("retry", "payments", "max_attempts", argument);
        assert!(refused.is_err(), "{argument:?}");
    }
    assert!(
        registry
            .control("retry", "payments", "explode", None)
            .is_err()
    );
}

#[tokio::test(start_paused = true)]
async fn every_number_can_change_while_calls_run() {
    let policy = builder().build().unwrap();
    let upstream = Upstream::new([Status(503); 9]);
    let log = upstream.log();
    let service = policy.layer().layer(upstream);
    let mut call = tokio_test::task::spawn(service.clone().oneshot(get()));
    while log.sent() == 0 {
        tokio_test::assert_pending!(call.poll());
    }
    let totals = policy.totals();
    policy
        .reconfigure(
            RetryPolicy::builder("other name")
                .max_attempts(2)
                .backoff(Constant(SEC)),
        )
        .unwrap();
    assert_eq!(call.await.unwrap().status(), 503);
    assert_eq!(log.sent(), 2, "the call under way too");
    assert_eq!(
        policy.totals().attempts,
        totals.attempts + 1,
        "nothing is forgotten"
    );
    assert_eq!(policy.name().as_str(), "test");

    policy
        .reconfigure(RetryPolicy::builder("test").max_attempts(4))
        .unwrap();
    service.oneshot(get()).await.unwrap();
    assert_eq!(log.sent(), 6);
}

#[test]
fn a_change_that_cannot_work_changes_nothing() {
    let policy = builder().build().unwrap();
    let other = RetryBudget::builder("other").build().unwrap();
    let change = RetryPolicy::builder("x").max_attempts(0).budget(other);
    let error = policy.reconfigure(change).unwrap_err().to_string();
    assert_eq!(
        error,
        "cannot build retry `test`: max_attempts is 0, allowed is 1..=100; budget is other, allowed is the \
         budget that the policy was built with, which has a `reconfigure` of its own"
    );
    let same = RetryPolicy::builder("x").budget(policy.budget().clone());
    assert!(policy.reconfigure(same).is_ok());
}

#[test]
fn impossible_values_are_refused_all_at_once() {
    // P-77
    let error = RetryPolicy::builder("payments")
        .max_attempts(101)
        .base(Duration::ZERO)
        .throttled_base(2 * SEC)
        .cap(SEC)
        .max_retry_after(Duration::MAX)
        .min_attempt_time(Duration::MAX)
        .per_try_timeout(Duration::ZERO)
        .build()
        .unwrap_err();
    let keys: Vec<_> = error.problems().iter().map(|problem| problem.key).collect();
    let all = [
        "max_attempts",
        "base",
        "cap",
        "max_retry_after",
        "min_attempt_time",
        "per_try_timeout",
    ];
    assert_eq!(keys, all, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_backoff_that_gives_up_ends_the_attempts() {
    let policy = builder().backoff(Constant(Duration::MAX));
    let totals = totals(policy, &[Status(503); 3], get()).await;
    assert_eq!((totals.attempts, totals.attempts_exhausted), (0, 1));
    // Any other pause is capped.
    let policy = builder()
        .backoff(Constant(9_000 * SEC))
        .cap(SEC)
        .max_attempts(2);
    let start = tokio::time::Instant::now();
    let policy = policy.build().unwrap();
    policy
        .layer()
        .layer(Upstream::new([Status(503)]))
        .oneshot(get())
        .await
        .unwrap();
    assert!(start.elapsed() < 2 * SEC);
}
