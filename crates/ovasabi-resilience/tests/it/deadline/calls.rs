//! From the call to the head of the response.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use ovasabi_core::reject::RejectKind;
use ovasabi_core::{Context, Rejection};
use ovasabi_resilience::breaker::{CircuitBreaker, State};
use ovasabi_resilience::deadline::Deadline;
use ovasabi_resilience::retry::{RetryLayer, RetryPolicy};
use tokio::time::{Instant, advance, sleep};
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};
use tower::{BoxError, Layer, ServiceExt, service_fn};

use super::{Dropped, MS, SEC, attempt, kind, layer, total};

#[tokio::test(start_paused = true)]
async fn an_answer_in_time_passes_through_and_a_late_one_does_not() {
    let service = layer(SEC).layer(service_fn(async |pause: Duration| {
        sleep(pause).await;
        Ok::<_, BoxError>("done")
    }));
    assert_eq!(service.clone().oneshot(990 * MS).await.unwrap(), "done");
    let start = Instant::now();
    let error = service.oneshot(2 * SEC).await.unwrap_err();
    assert_eq!(kind(&error), Some(RejectKind::TimedOut));
    assert!(start.elapsed() >= SEC && start.elapsed() <= SEC + 2 * MS);
}

#[tokio::test(start_paused = true)]
async fn the_smaller_of_own_and_callers_time_counts() {
    // P-62
    let (late, slow) = (RejectKind::DeadlineExceeded, RejectKind::TimedOut);
    for (own, callers, allowed, in_all, in_attempt) in [
        (SEC, Some(300 * MS), 300 * MS, late, late),
        (300 * MS, Some(SEC), 300 * MS, late, slow),
        (300 * MS, None, 300 * MS, late, slow),
        (Duration::MAX, Some(300 * MS), 300 * MS, late, late),
    ] {
        for (deadline, expected) in [(total(own), in_all), (attempt(own), in_attempt)] {
            let hang = service_fn(async |_: Request<()>| {
                std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>().await
            });
            let service = deadline.layer().responding().layer(hang);
            let mut request = Request::new(());
            if let Some(callers) = callers {
                request = Context::background().with_timeout(callers).attach(request);
            }
            let start = Instant::now();
            let response = service.oneshot(request).await.unwrap();
            assert_eq!(response.status(), 504);
            let refused = Rejection::of_response(&response).map(Rejection::kind);
            assert_eq!(refused, Some(expected), "{deadline:?}, {callers:?}");
            let waited = start.elapsed();
            assert!(
                waited >= allowed && waited <= allowed + 2 * MS,
                "{waited:?}"
            );
            let totals = deadline.totals();
            let by_caller = u64::from(allowed != own);
            assert_eq!(
                (totals.head_caller, totals.head_own, totals.refused),
                (by_caller, 1 - by_caller, 0)
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_time_is_over_is_not_started() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let service = service_fn(move |_: Request<()>| {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Ok::<_, BoxError>(Response::new(())) }
    });
    let deadline = total(SEC);
    let none = deadline
        .layer()
        .limit_by(|_: &Request<()>| Some(Duration::ZERO))
        .layer(service.clone());
    let error = none.oneshot(Request::new(())).await.unwrap_err();
    assert_eq!(kind(&error), Some(RejectKind::DeadlineExceeded));

    let request = Context::background()
        .with_timeout(SEC)
        .attach(Request::new(()));
    advance(SEC).await;
    let late = deadline.layer().layer(service.clone());
    assert!(late.oneshot(request).await.is_err());
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    assert_eq!(
        (deadline.totals().refused, deadline.totals().head_own),
        (2, 0)
    );

    let unlimited = total(Duration::MAX).layer().layer(service);
    unlimited.oneshot(Request::new(())).await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn the_call_is_dropped_before_the_refusal_is_said() {
    // P-61
    let dropped = Arc::new(AtomicBool::new(false));
    let guard = Arc::clone(&dropped);
    let hang = service_fn(move |_: ()| {
        let guard = Dropped(Arc::clone(&guard));
        async move {
            let _guard = guard;
            std::future::pending::<Result<bool, BoxError>>().await
        }
    });
    let seen = Arc::clone(&dropped);
    let layer = layer(SEC)
        .rejecting_with(move |_: &Rejection| Ok::<_, BoxError>(seen.load(Ordering::Relaxed)));
    let mut call = spawn(layer.layer(hang).oneshot(()));
    assert_pending!(call.poll());
    assert!(!dropped.load(Ordering::Relaxed));
    advance(SEC + MS).await;
    let was_dropped = assert_ready!(call.poll()).unwrap();
    assert!(was_dropped, "the refusal came first");
}

#[tokio::test(start_paused = true)]
async fn its_own_time_runs_from_when_somebody_first_has_to_wait() {
    let hang = service_fn(async |_: ()| std::future::pending::<Result<(), BoxError>>().await);
    let deadline = attempt(SEC);
    let service = super::by_result(&deadline).layer(hang);
    let mut call = spawn(service.oneshot(()));
    // Nobody has waited yet.
    advance(10 * SEC).await;
    assert_pending!(call.poll());
    advance(SEC - MS).await;
    assert_pending!(call.poll());
    advance(2 * MS).await;
    assert_eq!(
        kind(&assert_ready!(call.poll()).unwrap_err()),
        Some(RejectKind::TimedOut)
    );
}

#[tokio::test(start_paused = true)]
async fn a_function_of_the_request_gives_one_call_its_own_limit() {
    let deadline = attempt(SEC);
    let service = super::by_result(&deadline)
        .limit_by(|limit: &Option<Duration>| *limit)
        .layer(service_fn(async |_: Option<Duration>| {
            sleep(5 * SEC).await;
            Ok::<_, BoxError>(())
        }));
    for (limit, allowed) in [
        (None, Some(SEC)),
        (Some(100 * MS), Some(100 * MS)),
        (Some(3 * SEC), Some(3 * SEC)),
        (Some(6 * SEC), None),
        (Some(Duration::MAX), None),
    ] {
        let start = Instant::now();
        let result = service.clone().oneshot(limit).await;
        assert_eq!(result.is_err(), allowed.is_some(), "{limit:?}");
        let waited = start.elapsed();
        let expected = allowed.unwrap_or(5 * SEC);
        assert!(
            waited >= expected && waited <= expected + 2 * MS,
            "{limit:?}: {waited:?}"
        );
    }
    assert_eq!(deadline.totals().head_own, 3);
}

#[tokio::test(start_paused = true)]
async fn work_without_a_service_is_limited_too() {
    let deadline: Deadline = attempt(SEC);
    let (forever, short) = (
        Context::background(),
        Context::background().with_timeout(300 * MS),
    );
    assert_eq!(deadline.run(&forever, async { 7 }).await, Ok(7));

    let dropped = Arc::new(AtomicBool::new(false));
    let guard = Dropped(Arc::clone(&dropped));
    let work = async move {
        let _guard = guard;
        std::future::pending::<()>().await
    };
    let refused = deadline.run(&forever, work).await.unwrap_err();
    assert_eq!(
        (refused.kind(), refused.layer()),
        (RejectKind::TimedOut, "timeout")
    );
    assert!(dropped.load(Ordering::Relaxed));

    for _ in 0..2 {
        let refused = deadline
            .run(&short, std::future::pending::<()>())
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), RejectKind::DeadlineExceeded);
    }
    let totals = deadline.totals();
    assert_eq!(
        (totals.head_own, totals.head_caller, totals.refused),
        (1, 0, 2)
    );
}

#[test]
fn a_call_that_is_answered_at_once_needs_no_timer() {
    // Outside a runtime, making a timer panics.
    let service = layer(SEC).layer(service_fn(async |_: ()| Ok::<_, BoxError>("done")));
    let mut call = spawn(service.oneshot(()));
    assert_eq!(assert_ready!(call.poll()).unwrap(), "done");

    let hang = service_fn(async |_: ()| std::future::pending::<Result<(), BoxError>>().await);
    let mut call = spawn(layer(SEC).layer(hang).oneshot(()));
    assert!(std::panic::catch_unwind(AssertUnwindSafe(|| call.poll())).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_panic_and_not_a_time_out() {
    // P-60
    let service = layer(SEC).layer(service_fn(async |at_once: bool| {
        if !at_once {
            sleep(MS).await;
        }
        assert!(std::hint::black_box(false), "broken");
        Ok::<(), BoxError>(())
    }));
    for at_once in [true, false] {
        let failed = tokio::spawn(service.clone().oneshot(at_once)).await;
        assert!(failed.unwrap_err().is_panic());
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_always_has_something_to_do_is_stopped_too() {
    // It spends all of tokio's budget in each poll, and a timer under that budget would never be asked.
    let busy = service_fn(async |_: ()| -> Result<(), BoxError> {
        loop {
            tokio::task::coop::consume_budget().await;
        }
    });
    let call = tokio::spawn(layer(SEC).layer(busy).oneshot(()));
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(!call.is_finished());
    advance(2 * SEC).await;
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(call.is_finished(), "it is never stopped");
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(kind(&error), Some(RejectKind::TimedOut));
}

/// A breaker of two failures and a retry around a service that hangs, with a limit of a second a call.
#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_opens_the_breaker_around_it_and_is_tried_again() {
    let breaker = CircuitBreaker::builder("hangs")
        .consecutive_failures(2)
        .build()
        .unwrap();
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let hang = service_fn(move |_: Request<()>| {
        counted.fetch_add(1, Ordering::Relaxed);
        std::future::pending::<Result<Response<Full<Bytes>>, BoxError>>()
    });
    let once = attempt(SEC).layer().wrap(hang);
    let guarded = breaker.layer().wrap(once);
    let policy = RetryPolicy::builder("hangs").build().unwrap();
    let service = RetryLayer::new(policy).wrap(guarded);

    // A caller that has no time has not waited long enough to know, and there is none to try again.
    for _ in 0..4 {
        let request = Context::background()
            .with_timeout(10 * MS)
            .attach(Request::new(()));
        let error = service.clone().oneshot(request).await.unwrap_err();
        assert_eq!(kind(&error), Some(RejectKind::DeadlineExceeded));
    }
    assert_eq!(
        (breaker.state(), calls.swap(0, Ordering::Relaxed)),
        (State::Closed, 4)
    );

    let error = service.oneshot(Request::new(())).await.unwrap_err();
    assert_eq!(
        calls.load(Ordering::Relaxed),
        2,
        "tried again, until it opened"
    );
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(kind(&error), Some(RejectKind::CircuitOpen));
}
