//! The wait for readiness as a part of the call.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{self, Poll};

use http::{Request, Response};
use ovasabi_core::Context;
use ovasabi_core::reject::RejectKind;
use tokio::time::{Instant, advance, sleep};
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};
use tower::limit::ConcurrencyLimit;
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

use super::{Dropped, MS, SEC, attempt, by_result, kind, total};

#[tokio::test(start_paused = true)]
async fn the_wait_for_readiness_counts() {
    // P-61
    let deadline = attempt(SEC);
    let slow = service_fn(async |_: ()| {
        sleep(600 * MS).await;
        Ok::<_, BoxError>(())
    });
    // One at a time: the second waits 600 ms and has 400 left.
    let service = by_result(&deadline)
        .cover_readiness()
        .layer(ConcurrencyLimit::new(slow, 1));
    let start = Instant::now();
    let (first, second) = tokio::join!(service.clone().oneshot(()), service.clone().oneshot(()));
    first.unwrap();
    assert_eq!(kind(&second.unwrap_err()), Some(RejectKind::TimedOut));
    assert!(start.elapsed() <= SEC + 2 * MS, "{:?}", start.elapsed());
    // Nothing of the one that was cut off stays behind.
    service.oneshot(()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_callers_deadline_counts_while_it_waits() {
    let answer = service_fn(async |_: Request<()>| Ok::<_, BoxError>(Response::new(())));
    let layer = total(SEC).layer().cover_readiness();
    let service = layer.layer(ConcurrencyLimit::new(answer, 0));
    let context = Context::background().with_timeout(300 * MS);
    let start = Instant::now();
    let error = service.oneshot(context.attach(Request::new(()))).await;
    assert_eq!(
        kind(&error.unwrap_err()),
        Some(RejectKind::DeadlineExceeded)
    );
    assert!(start.elapsed() <= 302 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_call_cut_off_in_its_wait_never_starts() {
    // P-63
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let slow = service_fn(move |_: ()| {
        counted.fetch_add(1, Ordering::Relaxed);
        async {
            sleep(600 * MS).await;
            Ok::<_, BoxError>(())
        }
    });
    let service = by_result(&attempt(SEC)).cover_readiness();
    let service = service.layer(ConcurrencyLimit::new(slow, 1));
    let mut running = spawn(service.clone().oneshot(()));
    let mut late = spawn(service.clone().oneshot(()));
    let mut gone = spawn(service.clone().oneshot(()));
    assert_pending!(running.poll());
    assert_pending!(late.poll());
    assert_pending!(gone.poll());
    drop(gone);
    advance(SEC + MS).await;
    assert!(assert_ready!(late.poll()).is_err());
    // The slot is free from here on.
    drop(running);
    tokio::task::yield_now().await;
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    service.oneshot(()).await.unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

/// Never ready, and notes when it is dropped.
#[derive(Clone)]
struct Never(Arc<AtomicBool>, Option<Arc<Dropped>>);

impl Service<()> for Never {
    type Response = bool;
    type Error = BoxError;
    type Future = Ready<Result<bool, BoxError>>;

    fn poll_ready(&mut self, _cx: &mut task::Context<'_>) -> Poll<Result<(), BoxError>> {
        self.1
            .get_or_insert_with(|| Arc::new(Dropped(Arc::clone(&self.0))));
        Poll::Pending
    }

    fn call(&mut self, _: ()) -> Self::Future {
        ready(Ok(true))
    }
}

#[tokio::test(start_paused = true)]
async fn what_waited_is_dropped_before_the_refusal_is_said() {
    // P-61
    let dropped = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&dropped);
    let layer = by_result(&attempt(SEC))
        .rejecting_with(move |_: &ovasabi_core::Rejection| {
            Ok::<_, BoxError>(seen.load(Ordering::Relaxed))
        })
        .cover_readiness();
    let mut call = spawn(layer.layer(Never(Arc::clone(&dropped), None)).oneshot(()));
    assert_pending!(call.poll());
    advance(SEC + MS).await;
    assert!(
        assert_ready!(call.poll()).unwrap(),
        "the refusal came first"
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_of_readiness_is_passed_on() {
    #[derive(Clone)]
    struct Broken;
    impl Service<()> for Broken {
        type Response = ();
        type Error = BoxError;
        type Future = Ready<Result<(), BoxError>>;
        fn poll_ready(&mut self, _cx: &mut task::Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Err("broken".into()))
        }
        fn call(&mut self, _: ()) -> Self::Future {
            ready(Ok(()))
        }
    }
    let service = by_result(&attempt(SEC)).cover_readiness().layer(Broken);
    assert_eq!(service.oneshot(()).await.unwrap_err().to_string(), "broken");
}
