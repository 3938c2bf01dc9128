//! The layers.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame};
use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt, Full};
use ovasabi_core::Rejection;
use ovasabi_core::classify::{ByResult, Class, Classify, Facts, Priority, ReadRequest, Seen};
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::concurrency::{ConcurrencyLimitLayer, ConcurrencyLimiter, Queue};
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

use super::limiter;

#[tokio::test(start_paused = true)]
async fn a_clone_that_is_ready_and_idle_holds_nothing() {
    // P-52
    let limiter = limiter(1);
    let layer = ConcurrencyLimitLayer::new(limiter.clone()).classify(ByResult::new());
    let service = layer.layer(service_fn(async |_: ()| Ok::<_, BoxError>(())));
    let mut idle = service.clone();
    idle.ready().await.unwrap();
    tokio::time::advance(std::time::Duration::from_secs(3_600)).await;
    for _ in 0..3 {
        service.clone().oneshot(()).await.unwrap();
    }
    assert_eq!(limiter.in_flight(), 0);
    idle.call(()).await.unwrap();
}

#[tokio::test]
async fn the_slot_returns_once_however_the_call_ends() {
    // P-51
    let limiter = limiter(1);
    let layer = ConcurrencyLimitLayer::new(limiter.clone()).classify(ByResult::new());
    let service = layer.layer(service_fn(async |fail: Option<bool>| match fail {
        Some(true) => Err(BoxError::from("failed")),
        Some(false) => Ok(()),
        None => std::future::pending().await,
    }));
    for fail in [Some(false), Some(true), None] {
        let mut call = spawn(service.clone().oneshot(fail));
        let poll = call.poll();
        // What has ended holds nothing, even if its future is kept.
        assert_eq!(
            limiter.in_flight(),
            u32::from(poll.is_pending()),
            "{fail:?}"
        );
        if poll.is_pending() {
            let refused = service.clone().oneshot(Some(false)).await.unwrap_err();
            assert!(Rejection::find(&refused).is_some());
        }
        drop(call);
        assert_eq!(limiter.in_flight(), 0, "{fail:?}");
    }
}

type Streaming = Channel<Bytes, BoxError>;

/// A response that streams, followed to its end, and the other end of its body.
async fn streaming(
    limiter: &ConcurrencyLimiter,
) -> (
    Sender<Bytes, BoxError>,
    impl Body<Data = Bytes, Error = BoxError> + Unpin + use<>,
) {
    let (sender, body) = Streaming::new(4);
    let body = std::sync::Mutex::new(Some(body));
    let layer = ConcurrencyLimitLayer::new(limiter.clone()).until_body_end();
    let mut service = layer.wrap(service_fn(move |_: Request<()>| {
        let body = body.lock().unwrap().take().unwrap();
        async { Ok::<_, BoxError>(Response::new(body)) }
    }));
    let response = service.ready().await.unwrap().call(Request::new(())).await;
    (sender, response.unwrap().into_body())
}

#[tokio::test]
async fn a_body_that_is_followed_holds_the_slot_to_its_end() {
    // P-51
    let limiter = limiter(1);
    // The end of the stream.
    let (mut sender, mut body) = streaming(&limiter).await;
    sender.send_data(Bytes::from("a")).await.unwrap();
    assert!(body.frame().await.unwrap().is_ok());
    assert_eq!(limiter.in_flight(), 1, "more may come");
    assert!(limiter.try_acquire().is_err());
    drop(sender);
    assert!(body.frame().await.is_none());
    assert_eq!(limiter.in_flight(), 0, "ended, though the body is kept");
    drop(body);
    // Trailers.
    let (mut sender, mut body) = streaming(&limiter).await;
    sender
        .send(Frame::trailers(HeaderMap::new()))
        .await
        .unwrap();
    assert!(body.frame().await.unwrap().unwrap().is_trailers());
    assert_eq!(limiter.in_flight(), 0, "nothing comes after trailers");
    drop(body);
    // An error.
    let (sender, mut body) = streaming(&limiter).await;
    sender.abort("broken".into());
    assert!(body.frame().await.unwrap().is_err());
    assert_eq!(limiter.in_flight(), 0, "broken, though the body is kept");
    drop(body);
    // Nobody reads on.
    let (_sender, body) = streaming(&limiter).await;
    assert_eq!(limiter.in_flight(), 1);
    drop(body);
    assert_eq!(limiter.in_flight(), 0);
}

#[tokio::test]
async fn the_last_frame_of_a_known_length_is_the_end() {
    // P-51: whoever reads may stop here, without asking for the frame after it.
    let limiter = limiter(1);
    let layer = ConcurrencyLimitLayer::new(limiter.clone()).until_body_end();
    let service = layer.wrap(service_fn(async |_: Request<()>| {
        Ok::<_, BoxError>(Response::new(Full::new(Bytes::from("all"))))
    }));
    let mut body = service.oneshot(Request::new(())).await.unwrap().into_body();
    assert_eq!(limiter.in_flight(), 1);
    assert!(body.frame().await.unwrap().is_ok());
    assert_eq!(limiter.in_flight(), 0);
}

#[tokio::test]
async fn layers_over_one_handle_share_its_slots() {
    // P-76
    let limiter = limiter(1);
    let layer = ConcurrencyLimitLayer::new(limiter.clone()).responding();
    let hang = service_fn(async |_: Request<()>| {
        std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>().await
    });
    let (one, two) = (layer.layer(hang), layer.clone().layer(hang));
    let mut first = spawn(one.oneshot(Request::new(())));
    assert_pending!(first.poll());
    let mut second = spawn(two.oneshot(Request::new(())));
    let refused = assert_ready!(second.poll()).unwrap();
    assert_eq!(refused.status(), 503);
    assert!(Rejection::of_response(&refused).is_some());
    drop(first);
    assert_eq!(limiter.in_flight(), 0);
}

#[tokio::test]
async fn a_full_limiter_refuses_even_if_the_service_is_never_ready() {
    let limiter = limiter(1);
    let layer = ConcurrencyLimitLayer::new(limiter.clone()).classify(ByResult::new());
    let (never, mut handle) = tower_test::mock::pair::<(), ()>();
    handle.allow(0);
    let mut service = layer.wrap(never);
    let permit = limiter.try_acquire().unwrap();
    assert!(assert_ready!(spawn(service.ready()).poll()).is_ok());
    let clone = service.clone();
    // It said so before the slot was free, and the service inside was not asked.
    drop(permit);
    let refused = service.call(()).await.unwrap_err();
    assert!(Rejection::find(&refused).is_some());
    assert_pending!(spawn(service.ready()).poll());
    assert_pending!(spawn(clone.oneshot(())).poll());
    assert_eq!(limiter.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_layer_reads_priority_and_deadline_of_a_call() {
    #[derive(Clone)]
    struct AsAsked;
    impl ReadRequest<Facts> for AsAsked {
        fn facts(&self, request: &Facts) -> Facts {
            *request
        }
    }
    impl Classify<(), BoxError> for AsAsked {
        type End = Class;
        fn seen(&self, facts: &Facts, result: Result<&(), &BoxError>) -> Seen<Class> {
            ByResult::new().seen(facts, result)
        }
    }
    let limiter = ConcurrencyLimiter::builder("test", super::n(2))
        .reserve(Priority::High, 0.5)
        .queue(Queue::fifo(5))
        .build()
        .unwrap();
    let layer = limiter.layer().classify(AsAsked);
    let hang = service_fn(async |_: Facts| std::future::pending::<Result<(), BoxError>>().await);
    let (at_once, queued) = (layer.clone().wrap(hang), layer.queued().wrap(hang));
    let normal = Facts::new();
    let high = normal.with_priority(Priority::High);
    let mut running = spawn(at_once.clone().oneshot(normal));
    assert_pending!(running.poll());
    assert!(assert_ready!(spawn(at_once.clone().oneshot(normal)).poll()).is_err());
    let mut other = spawn(queued.clone().oneshot(high));
    assert_pending!(other.poll());
    assert_eq!((limiter.in_flight(), limiter.queued()), (2, 0));
    let deadline = Some(tokio::time::Instant::now() + std::time::Duration::from_millis(3));
    let late = queued.oneshot(high.with_deadline(deadline)).await;
    let kind = Rejection::find(&late.unwrap_err()).map(Rejection::kind);
    assert_eq!(kind, Some(RejectKind::DeadlineExceeded));
}
