//! Numbers that change while they are used, and what can be seen of them.

use std::time::Duration;

use ovasabi_core::inspect::{Registry, Value};
use ovasabi_core::reject::{AsError, RejectKind};
use ovasabi_resilience::deadline::future::{InContext, ResponseFuture};
use ovasabi_resilience::deadline::{
    Deadline, DeadlineBody, DeadlineBuilder, DeadlineLayer, ReadyInCall, Totals, Watch, WhileIdle,
};
use tokio::time::{Instant, sleep};
use tower::{BoxError, Layer, ServiceExt, service_fn};

use super::{MS, SEC, attempt, by_result, kind, total};

/// How long a call through `deadline` takes until it is cut off.
async fn cut_off_after(deadline: &Deadline) -> Duration {
    let hang = service_fn(async |_: ()| std::future::pending::<Result<(), BoxError>>().await);
    let start = Instant::now();
    assert!(by_result(deadline).layer(hang).oneshot(()).await.is_err());
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_limit_changes_for_the_calls_that_begin_after() {
    let deadline = attempt(SEC);
    let slow = service_fn(async |_: ()| {
        sleep(600 * MS).await;
        Ok::<_, BoxError>(())
    });
    let service = by_result(&deadline).layer(slow);
    let under_way = tokio::spawn(service.clone().oneshot(()));
    tokio::task::yield_now().await;
    deadline.set_limit(300 * MS).unwrap();
    assert_eq!(deadline.limit(), 300 * MS);
    let error = service.oneshot(()).await.unwrap_err();
    assert_eq!(kind(&error), Some(RejectKind::TimedOut));
    under_way.await.unwrap().unwrap();
    assert_eq!(deadline.totals().head_own, 1);
}

#[tokio::test(start_paused = true)]
async fn reconfigure_takes_over_all_numbers_and_loses_no_counts() {
    let deadline = total(SEC);
    cut_off_after(&deadline).await;
    let clone = deadline.clone();
    let new = Deadline::total("another", 300 * MS)
        .body_idle(5 * SEC)
        .transit_margin(20 * MS);
    deadline.reconfigure(new).unwrap();
    assert_eq!(
        (clone.limit(), clone.body_idle(), clone.transit_margin()),
        (300 * MS, Some(5 * SEC), 20 * MS)
    );
    assert!(cut_off_after(&clone).await <= 302 * MS);
    assert_eq!(clone.totals().head_own, 2);
    assert_eq!(clone.name().as_str(), "test");
}

#[test]
fn impossible_numbers_are_refused_all_at_once_and_change_nothing() {
    // P-77
    let wrong = Deadline::total("wrong", Duration::ZERO)
        .body_idle(Duration::ZERO)
        .transit_margin(SEC);
    assert_eq!(
        wrong.clone().build().unwrap_err().to_string(),
        "cannot build deadline `wrong`: limit is 0ns, allowed is 1ms or more, Duration::MAX for none; \
         body_idle is 0ns, allowed is 1ms or more, or None"
    );
    let margin = Deadline::total("wrong", SEC).transit_margin(SEC);
    assert_eq!(
        margin.build().unwrap_err().to_string(),
        "cannot build deadline `wrong`: transit_margin is 1s, allowed is less than the limit of 1s"
    );
    let deadline = Deadline::total("test", 2 * SEC)
        .transit_margin(SEC)
        .build()
        .unwrap();
    assert_eq!(deadline.reconfigure(wrong).unwrap_err().problems().len(), 2);
    assert!(deadline.set_limit(SEC).is_err(), "all of it is margin");
    let other = deadline.reconfigure(Deadline::per_attempt("test", SEC));
    assert_eq!(other.unwrap_err().problems()[0].key, "kind");
    assert_eq!(
        (deadline.limit(), deadline.transit_margin()),
        (2 * SEC, SEC)
    );
}

#[test]
fn the_longest_limits_are_none() {
    for limit in [Duration::MAX, Duration::from_secs(u64::MAX)] {
        assert_eq!(total(limit).limit(), Duration::MAX);
    }
    assert_eq!(total(MS).limit(), MS);
}

#[tokio::test(start_paused = true)]
async fn it_can_be_looked_into_and_steered_by_name() {
    let registry = Registry::new();
    let build = || {
        let inside = Deadline::per_attempt("payments", SEC).inspect(&registry);
        let around = Deadline::total("payments", 5 * SEC).inspect(&registry);
        (around.build(), inside.build())
    };
    let (around, inside) = build();
    let (around, inside) = (around.unwrap(), inside.unwrap());
    assert!(build().0.is_err(), "the name is taken");

    registry
        .control("deadline", "payments", "set_limit", Some("250"))
        .unwrap();
    assert_eq!((around.limit(), inside.limit()), (250 * MS, SEC));
    for wrong in [None, Some("0"), Some("soon")] {
        let refused = registry.control("deadline", "payments", "set_limit", wrong);
        assert!(refused.is_err(), "{wrong:?}");
    }
    assert!(
        registry
            .control("timeout", "payments", "open", None)
            .is_err()
    );

    cut_off_after(&around).await;
    let snapshot = around.snapshot();
    let count: Vec<_> = snapshot
        .metrics()
        .iter()
        .filter(|metric| metric.value == Value::Counter(1))
        .collect();
    assert_eq!(count.len(), 1);
    assert_eq!(count[0].labels, [("part", "head"), ("limit", "own")]);
    let limit = snapshot
        .metrics()
        .iter()
        .find(|metric| metric.name == "deadline.limit");
    assert_eq!(limit.unwrap().value, Value::Gauge(0.25));
    assert_eq!(registry.reports().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_leaked_handle_shares_everything() {
    let deadline = attempt(SEC);
    let leaked = deadline.clone().leak();
    deadline.set_limit(100 * MS).unwrap();
    assert!(cut_off_after(&leaked).await <= 102 * MS);
    assert_eq!(deadline.totals().head_own, 1);
    assert_eq!(leaked.leak().limit(), 100 * MS);
}

#[test]
fn everything_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + std::fmt::Debug>() {}
    shared::<Deadline>();
    shared::<DeadlineBuilder>();
    shared::<DeadlineLayer>();
    shared::<Totals>();
    shared::<Watch>();
    shared::<DeadlineBody<Vec<u8>>>();
    shared::<ReadyInCall<()>>();
    shared::<ResponseFuture<std::future::Ready<()>, AsError, WhileIdle>>();
    shared::<InContext<std::future::Ready<()>>>();
}
