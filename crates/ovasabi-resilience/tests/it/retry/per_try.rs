//! Attempts that are too slow.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use ovasabi_core::Rejection;
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::retry::{RetryPolicy, RetryPolicyBuilder};
use tokio::time::{Instant, sleep};
use tokio_test::assert_pending;
use tokio_test::task::spawn;
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

use super::Answer::{Hang, Status};
use super::{MS, SEC, Upstream, builder, get, post};

fn limited() -> RetryPolicyBuilder {
    builder().per_try_timeout(10 * MS)
}

#[tokio::test(start_paused = true)]
async fn a_slow_attempt_is_dropped_and_tried_again() {
    let policy = limited().build().unwrap();
    let upstream = Upstream::new([Hang, Status(200)]);
    let log = upstream.log();
    let start = Instant::now();
    let answer = policy.layer().layer(upstream).oneshot(get()).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(log.calls_alive(), 0);
    let second = log.times(start)[1];
    assert!(second >= 110 * MS && second < 115 * MS, "{second:?}");
    assert_eq!(
        (policy.totals().timed_out, policy.totals().recovered),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn the_last_slow_attempt_is_answered_by_us() {
    let policy = limited().build().unwrap();
    let upstream = Upstream::new([Hang; 3]);
    let log = upstream.log();
    let error = policy
        .layer()
        .layer(upstream)
        .oneshot(get())
        .await
        .unwrap_err();
    let rejection = Rejection::find(&error).unwrap();
    assert_eq!(rejection.kind(), RejectKind::TimedOut);
    assert_eq!(
        (rejection.layer(), rejection.policy().as_str()),
        ("retry", "test")
    );
    assert_eq!((log.sent(), log.calls_alive()), (3, 0));
    assert_eq!(policy.totals().attempts_exhausted, 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_attempt_may_have_been_done() {
    let policy = limited().build().unwrap();
    let upstream = Upstream::new([Hang]);
    let log = upstream.log();
    assert!(
        policy
            .layer()
            .layer(upstream)
            .oneshot(post())
            .await
            .is_err()
    );
    assert_eq!((log.sent(), policy.totals().not_idempotent), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn servers_answer_with_a_status() {
    let hanging = service_fn(|_: Request<Full<Bytes>>| {
        std::future::pending::<Result<Response<Full<Bytes>>, std::convert::Infallible>>()
    });
    let service = limited()
        .build()
        .unwrap()
        .layer()
        .responding()
        .layer(hanging);
    assert_eq!(service.oneshot(get()).await.unwrap().status(), 504);
}

#[tokio::test(start_paused = true)]
async fn an_outer_retry_takes_it_for_a_failure_of_the_service() {
    let upstream = Upstream::new([Hang]);
    let log = upstream.log();
    let inner = limited().max_attempts(1).build().unwrap();
    let service = super::layer().layer(inner.layer().layer(upstream));
    assert_eq!(service.oneshot(get()).await.unwrap().status(), 200);
    assert_eq!(log.sent(), 2);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_readiness_counts_and_what_was_not_sent_is_safe() {
    let never_ready = tower::limit::ConcurrencyLimit::new(
        service_fn(async |_: super::Req| Ok::<_, BoxError>(Response::new(()))),
        1,
    );
    let mut holder = never_ready.clone();
    let held = holder.ready().await.unwrap();
    let policy = limited().build().unwrap();
    let start = Instant::now();
    let service = policy.layer().layer(never_ready);
    let error = service.clone().oneshot(post()).await.unwrap_err();
    assert!(Rejection::find(&error).is_some());
    let totals = policy.totals();
    assert_eq!(
        (totals.timed_out, totals.attempts, totals.attempts_exhausted),
        (3, 0, 1)
    );
    assert!(start.elapsed() >= 230 * MS, "{:?}", start.elapsed());

    // The slot becomes free during the first pause.
    let mut call = spawn(service.oneshot(post()));
    assert_pending!(call.poll());
    tokio::time::advance(20 * MS).await;
    assert_pending!(call.poll());
    let _ = held.call(get()).await;
    assert_eq!(call.await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_fast_attempt_is_not_cut_short() {
    let nearly = service_fn(async |_: super::Req| {
        sleep(8 * MS).await;
        Ok::<_, BoxError>(Response::builder().status(503).body(())?)
    });
    let policy = limited().build().unwrap();
    let answer = policy.layer().layer(nearly).oneshot(get()).await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), policy.totals().timed_out),
        (503, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn the_limit_can_be_set_while_calls_run() {
    let policy: RetryPolicy = builder().build().unwrap();
    let service = policy.layer().layer(Upstream::new([Hang, Status(200)]));
    let mut call = spawn(service.oneshot(get()));
    assert_pending!(call.poll());
    assert_pending!(call.poll());
    tokio::time::advance(SEC).await;
    policy.reconfigure(limited_without_budget()).unwrap();
    assert_eq!(call.await.unwrap().status(), 200);
    // It counts from when it next has to wait.
    assert_eq!(policy.totals().timed_out, 1);
}

fn limited_without_budget() -> RetryPolicyBuilder {
    RetryPolicy::builder("test").per_try_timeout(10 * MS)
}
