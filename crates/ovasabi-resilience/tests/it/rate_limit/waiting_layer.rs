//! The layer whose requests wait.

use std::future::ready;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::classify::{ByResult, Facts, ReadRequest};
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::rate_limit::{Quota, RateLimitLayer, RateLimiter};
use tokio::time::{Instant, advance};
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};
use tower::{BoxError, Service, ServiceExt, service_fn};

use super::{MS, SEC, n};

const LONG: Duration = Duration::from_secs(3_600);

fn limiter() -> RateLimiter {
    RateLimiter::builder("test", Quota::per_second(n(1)))
        .build()
        .unwrap()
}

/// Answers with the time that has passed.
fn echo(
    began: Instant,
) -> impl Service<u32, Response = Duration, Error = BoxError, Future: Send> + Clone + Send {
    service_fn(move |_: u32| ready(Ok(began.elapsed())))
}

#[tokio::test(start_paused = true)]
async fn requests_are_served_in_the_order_of_their_calls() {
    // P-46
    let layer = RateLimitLayer::new(limiter())
        .classify(ByResult::new())
        .waiting(LONG);
    let mut service = layer.wrap(echo(Instant::now()));
    let calls: Vec<_> = (0..4).map(|id| service.call(id)).collect();
    // However they are polled.
    let tasks: Vec<_> = calls.into_iter().rev().map(tokio::spawn).collect();
    let mut times = Vec::new();
    for task in tasks.into_iter().rev() {
        times.push(task.await.unwrap().unwrap());
    }
    assert_eq!(times, [Duration::ZERO, SEC, 2 * SEC, 3 * SEC]);
}

#[tokio::test(start_paused = true)]
async fn who_would_wait_too_long_is_refused_at_once() {
    let layer = RateLimitLayer::new(limiter())
        .classify(ByResult::new())
        .waiting(SEC);
    let mut service = layer.wrap(echo(Instant::now()));
    let _first = service.call(1);
    let mut second = spawn(service.call(2));
    assert_pending!(second.poll());
    let refused = assert_ready!(spawn(service.call(3)).poll()).unwrap_err();
    assert_eq!(
        Rejection::find(&refused).unwrap().retry_delay(),
        Some(2 * SEC)
    );
}

/// Costs one, and its caller waits until then.
#[derive(Clone, Copy, Debug)]
struct Until(Instant);

impl<Req> ReadRequest<Req> for Until {
    fn facts(&self, _request: &Req) -> Facts {
        Facts::new()
            .with_deadline(Some(self.0))
            .with_cost(NonZeroU32::MIN)
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_past_the_deadline_of_its_caller() {
    let limiter = limiter();
    limiter.check().unwrap();
    let layer = |deadline| {
        let classify = Until(Instant::now() + deadline);
        let layer = RateLimitLayer::new(limiter.clone())
            .classify(classify)
            .waiting(LONG);
        layer.wrap(echo(Instant::now()))
    };
    // It is known from the start that it cannot be.
    let mut late = spawn(layer(SEC - MS).oneshot(1));
    let refused = assert_ready!(late.poll()).unwrap_err();
    assert_eq!(
        Rejection::find(&refused).unwrap().kind(),
        RejectKind::RateLimited
    );
    // It could be, until the quota changed.
    let mut waiting = spawn(layer(SEC).oneshot(2));
    assert_pending!(waiting.poll());
    limiter.set_quota(Quota::per_hour(n(1)));
    assert_pending!(waiting.poll());
    advance(SEC).await;
    let refused = assert_ready!(waiting.poll()).unwrap_err();
    assert_eq!(
        Rejection::find(&refused).unwrap().kind(),
        RejectKind::DeadlineExceeded
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_whose_caller_has_gone_never_starts() {
    // P-63
    let calls = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let inner = service_fn(move |_: u32| {
        counted.fetch_add(1, Ordering::Relaxed);
        ready(Ok::<_, BoxError>(()))
    });
    let layer = RateLimitLayer::new(limiter())
        .classify(ByResult::new())
        .waiting(LONG);
    let service = layer.wrap(inner);
    service.clone().oneshot(1).await.unwrap();
    for _ in 0..10 {
        let mut gone = spawn(service.clone().oneshot(2));
        assert_pending!(gone.poll());
    }
    advance(SEC).await;
    service.clone().oneshot(3).await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn the_service_inside_is_asked_only_once_the_request_is_admitted() {
    let (inner, mut handle) = tower_test::mock::pair::<u32, &str>();
    let limiter = limiter();
    limiter.check().unwrap();
    let layer = RateLimitLayer::new(limiter)
        .classify(ByResult::new())
        .waiting(LONG);
    handle.allow(0);
    let mut service = layer.wrap(inner);
    assert_ready!(spawn(service.ready()).poll()).unwrap();
    let mut call = spawn(service.call(1));
    assert_pending!(call.poll());
    handle.allow(1);
    assert_pending!(call.poll());
    assert_pending!(handle.poll_request());
    advance(SEC).await;
    assert_pending!(call.poll());
    let (request, answer) = handle.next_request().await.unwrap();
    assert_eq!(request, 1);
    answer.send_response("done");
    assert_eq!(assert_ready!(call.poll()).unwrap(), "done");
}
