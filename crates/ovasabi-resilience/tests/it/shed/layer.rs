//! The layer, in both of its uses.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use ovasabi_core::Rejection;
use ovasabi_core::classify::{ByResult, Class, Priority};
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::shed::Throttle;
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

use super::{full_at, send, throttle};

/// Is never ready.
#[derive(Clone, Debug)]
struct Stuck;

impl Service<()> for Stuck {
    type Response = ();
    type Error = BoxError;
    type Future = std::future::Ready<Result<(), BoxError>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Pending
    }

    fn call(&mut self, _request: ()) -> Self::Future {
        panic!("called, and was never ready")
    }
}

/// A service whose readiness is a resource of tokio's, which has room for a thousand.
#[derive(Clone)]
struct Roomy(Arc<tokio::sync::Semaphore>);

impl Service<()> for Roomy {
    type Response = ();
    type Error = BoxError;
    type Future = std::future::Ready<Result<(), BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        let acquire = std::pin::pin!(self.0.acquire());
        acquire.poll(cx).map(|permit| {
            drop(permit);
            Ok(())
        })
    }

    fn call(&mut self, _request: ()) -> Self::Future {
        std::future::ready(Ok(()))
    }
}

/// Spends what the task may do before it has to let others run.
fn spend_budget(cx: &mut Context<'_>) {
    let plenty = tokio::sync::Semaphore::new(1);
    for _ in 0..1_000 {
        if std::pin::pin!(plenty.acquire()).poll(cx).is_pending() {
            return;
        }
    }
    panic!("the budget never ends");
}

#[tokio::test]
async fn a_task_that_has_spent_its_budget_is_not_refused_while_there_is_room() {
    // P-59
    let shed = full_at(10);
    let layer = shed.layer().classify(ByResult::new());
    let service = layer.layer(Roomy(Arc::new(tokio::sync::Semaphore::new(1_000))));
    let mut call = std::pin::pin!(service.oneshot(()));
    let mut is_spent = false;
    std::future::poll_fn(|cx| {
        if !is_spent {
            is_spent = true;
            spend_budget(cx);
            assert!(
                call.as_mut().poll(cx).is_pending(),
                "the service has none to be ready with"
            );
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        call.as_mut().poll(cx)
    })
    .await
    .unwrap();
    assert_eq!(
        (shed.snapshot().admitted, shed.snapshot().shed_in_all()),
        (1, 0)
    );
}

#[tokio::test]
async fn a_full_server_refuses_at_once_even_if_its_service_is_never_ready() {
    let shed = full_at(1);
    let service = shed.layer().classify(ByResult::new()).layer(Stuck);
    let mut waiting = spawn(service.clone().oneshot(()));
    assert_pending!(waiting.poll());
    let _running = shed.try_acquire(Priority::Critical).unwrap();
    let refused = service.oneshot(()).await.unwrap_err();
    assert_eq!(Rejection::find(&refused).unwrap().kind(), RejectKind::Shed);
}

#[tokio::test]
async fn who_was_told_that_it_is_refused_is_refused_whatever_happens_since_but_its_clones_are_not()
{
    let shed = full_at(1);
    let inner = service_fn(async |()| Ok::<_, BoxError>(()));
    let mut service = shed.layer().classify(ByResult::new()).layer(inner);
    let running = shed.try_acquire(Priority::Critical).unwrap();
    service.ready().await.unwrap();
    drop(running);
    let clone = service.clone();
    assert!(service.call(()).await.is_err());
    assert!(clone.oneshot(()).await.is_ok());
    assert!(service.ready().await.unwrap().call(()).await.is_ok());
}

#[tokio::test]
async fn a_throttled_client_is_refused_at_once_even_if_its_service_is_never_ready() {
    let (builder, _) = throttle();
    let throttle = builder.build().unwrap();
    send(&throttle, Class::Failure, 10_000);
    let layer = throttle.layer().classify(ByResult::new());
    let refused = (0..100)
        .filter(|_| {
            let mut call = spawn(layer.layer(Stuck).oneshot(()));
            matches!(call.poll(), Poll::Ready(Err(_)))
        })
        .count();
    assert!(refused > 90, "{refused} of 100");
}

#[tokio::test]
async fn readiness_asked_often_draws_once() {
    let (builder, _) = throttle();
    // One in two is refused: of those that are asked ten times before they are called, no more.
    let throttle = builder.max_rejection_rate(0.5).build().unwrap();
    send(&throttle, Class::Failure, 10_000);
    let shed = throttle.snapshot().totals.shed;
    let is_ready = Arc::new(AtomicBool::new(false));
    let inner = service_fn(async |()| Ok::<_, BoxError>(()));
    let gate = Gate {
        inner,
        is_ready: Arc::clone(&is_ready),
    };
    let layer = throttle.layer().classify(ByResult::new());
    for _ in 0..1_000 {
        is_ready.store(false, Ordering::Relaxed);
        let mut service = layer.layer(gate.clone());
        let mut ready = spawn(service.ready());
        let mut polled = ready.poll().is_ready();
        for _ in 0..10 {
            polled = polled || ready.poll().is_ready();
        }
        is_ready.store(true, Ordering::Relaxed);
        if !polled {
            assert_ready!(ready.poll()).unwrap();
        }
        drop(ready);
        let _ = service.call(()).await;
    }
    let refused = throttle.snapshot().totals.shed - shed;
    assert!((400..600).contains(&refused), "{refused} of 1000");
}

#[derive(Clone)]
struct Gate<S> {
    inner: S,
    is_ready: Arc<AtomicBool>,
}

impl<S: Service<()>> Service<()> for Gate<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        if self.is_ready.load(Ordering::Relaxed) {
            self.inner.poll_ready(cx)
        } else {
            Poll::Pending
        }
    }

    fn call(&mut self, request: ()) -> S::Future {
        self.inner.call(request)
    }
}

#[tokio::test]
async fn priorities_are_what_the_function_says() {
    let shed = full_at(10);
    let _running: Vec<_> = (0..9)
        .map(|_| shed.try_acquire(Priority::Critical).unwrap())
        .collect();
    let service = shed
        .layer()
        .priority(|request: &Request<()>| match request.uri().path() {
            "/health" => Priority::Critical,
            _ => Priority::Low,
        })
        .responding()
        .layer(service_fn(async |_: Request<()>| {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("well"))))
        }));
    let ask = async |path: &str| {
        let request = Request::get(path).body(()).unwrap();
        service.clone().oneshot(request).await.unwrap()
    };
    assert_eq!(ask("/health").await.status(), 200);
    let refused = ask("/report").await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers().get("retry-after"), None);
    assert_eq!(
        Rejection::of_response(&refused).map(Rejection::kind),
        Some(RejectKind::Shed)
    );
    assert_eq!(shed.snapshot().shed(Priority::Low), 1);
}

#[tokio::test]
async fn a_body_that_is_followed_keeps_its_call_under_way() {
    let shed = full_at(10);
    let service =
        shed.layer()
            .until_body_end()
            .responding()
            .layer(service_fn(async |_: Request<()>| {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("report"))))
            }));
    let read = service.clone().oneshot(Request::default()).await.unwrap();
    let dropped = service.oneshot(Request::default()).await.unwrap();
    assert_eq!(shed.in_flight(), 2);
    read.into_body().collect().await.unwrap();
    assert_eq!(shed.in_flight(), 1);
    drop(dropped);
    assert_eq!(shed.in_flight(), 0);
}

#[tokio::test]
async fn results_count_as_the_classifier_says_and_a_panic_as_a_failure() {
    let (builder, _) = throttle();
    let throttle = builder
        .accept_failures()
        .accept_throttled()
        .build()
        .unwrap();
    let service = throttle
        .layer()
        .layer(service_fn(async |request: Request<u16>| {
            assert_ne!(*request.body(), 0, "panic in the service");
            Ok::<_, BoxError>(
                Response::builder()
                    .status(*request.body())
                    .body(())
                    .unwrap(),
            )
        }));
    for status in [200, 404, 429, 500, 503] {
        let answer = service.clone().oneshot(Request::new(status)).await.unwrap();
        assert_eq!(answer.status(), status);
    }
    let service = service.clone();
    let panicked = tokio::spawn(service.clone().oneshot(Request::new(0))).await;
    assert!(panicked.unwrap_err().is_panic());
    drop(spawn(service.oneshot(Request::new(200))));
    let totals = throttle.snapshot().totals;
    assert_eq!(
        (
            totals.successes,
            totals.throttled,
            totals.failures,
            totals.ignored
        ),
        (2, 1, 3, 0)
    );
}

#[tokio::test]
async fn layers_over_one_handle_share_its_state() {
    // P-76
    let hang = service_fn(async |_: ()| std::future::pending::<Result<(), BoxError>>().await);
    let shed = full_at(2);
    let layer = shed.layer().classify(ByResult::new());
    let leaked = shed.clone().leak().layer().classify(ByResult::new());
    let mut running =
        [layer.clone().layer(hang), leaked.layer(hang)].map(|service| spawn(service.oneshot(())));
    for call in &mut running {
        assert_pending!(call.poll());
    }
    assert_eq!(shed.in_flight(), 2);
    let moved = tokio::spawn(layer.layer(hang).oneshot(())).await.unwrap();
    let refused = moved.unwrap_err();
    assert_eq!(Rejection::find(&refused).unwrap().kind(), RejectKind::Shed);
    drop(running);
    assert_eq!(shed.in_flight(), 0);

    let (builder, _) = throttle();
    let throttle = builder.build().unwrap();
    let failing = service_fn(async |_: ()| Err::<(), BoxError>("down".into()));
    let layer = throttle.layer().classify(ByResult::new());
    let leaked = throttle.clone().leak().layer().classify(ByResult::new());
    let services = [
        layer.layer(failing),
        layer.clone().layer(failing),
        leaked.layer(failing),
    ];
    for service in services {
        let before = throttle.snapshot().window_requests;
        assert!(service.oneshot(()).await.is_err());
        assert_eq!(throttle.snapshot().window_requests, before + 1);
    }
    send(&throttle, Class::Failure, 1_000);
    let stuck = layer.layer(Stuck);
    let refused = (0..100)
        .filter(|_| spawn(stuck.clone().oneshot(())).poll().is_ready())
        .count();
    assert!(
        refused > 80,
        "{refused} of 100, for what was counted elsewhere"
    );
}

#[test]
fn they_are_send_and_sync_and_say_what_they_are() {
    fn check<T: Send + Sync + Clone + std::fmt::Debug>(_: &T) {}
    let (builder, _) = throttle();
    let throttle: Throttle = builder.build().unwrap();
    let shed = full_at(1);
    check(&throttle);
    check(&shed);
    check(&throttle.layer().layer(Stuck));
    check(&shed.layer().layer(Stuck));
    assert!(format!("{throttle:?} {shed:?}").contains("test"));
}
