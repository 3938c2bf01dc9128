//! Concurrency limits.

use std::convert::Infallible;
use std::num::NonZeroU32;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame};
use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt, Full};
use ovasabi_core::Rejection;
use ovasabi_core::admit::Settle;
use ovasabi_core::classify::{ByResult, Class};
use ovasabi_core::inspect::{Registry, Value};
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::concurrency::{ConcurrencyLimitLayer, ConcurrencyLimiter, Permit};
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

fn n(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

fn limiter(limit: u32) -> ConcurrencyLimiter {
    let limiter = ConcurrencyLimiter::builder("test", n(limit)).build();
    limiter.unwrap()
}

fn take(limiter: &ConcurrencyLimiter, count: usize) -> Vec<Permit> {
    (0..count).map(|_| limiter.try_acquire().unwrap()).collect()
}

#[test]
fn admits_so_many_at_once_and_no_more() {
    let limiter = limiter(3);
    let mut permits = take(&limiter, 3);
    let refused = limiter.try_acquire().unwrap_err();
    assert_eq!(refused.kind(), RejectKind::AtCapacity);
    assert_eq!(refused.retry_delay(), None, "nobody knows when");
    permits.pop().unwrap().settle(Class::Failure);
    assert_eq!(limiter.in_flight(), 2);
    assert!(limiter.try_acquire().is_ok());
    drop(permits);
    assert_eq!(limiter.in_flight(), 0);
}

#[test]
fn refusals_take_no_slot_from_others_not_even_for_a_moment() {
    let limiter = limiter(2);
    let kept = limiter.try_acquire().unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    assert!(limiter.in_flight() <= 2, "counted a call that was refused");
                    drop(limiter.try_acquire());
                }
            });
        }
        for _ in 0..20_000 {
            drop(limiter.try_acquire());
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    drop(kept);
    assert_eq!(limiter.in_flight(), 0);
}

#[test]
fn a_lower_limit_admits_nobody_until_enough_have_ended() {
    // P-53
    let limiter = limiter(10);
    let mut permits = take(&limiter, 10);
    limiter.set_limit(n(2));
    while permits.pop().is_some() {
        let is_admitted = limiter.try_acquire().is_ok();
        assert_eq!(is_admitted, permits.len() < 2, "{} running", permits.len());
    }
    limiter.set_limit(n(4));
    assert_eq!(take(&limiter, 4).len(), 4, "a higher one counts at once");
}

#[test]
fn the_limit_can_be_changed_through_the_registry() {
    let registry = Registry::new();
    let builder = ConcurrencyLimiter::builder("reports", n(1)).inspect(&registry);
    let limiter = builder.clone().build().unwrap();
    let _permit = limiter.try_acquire().unwrap();
    assert!(limiter.try_acquire().is_err());
    let control =
        |action, argument| registry.control("concurrency_limiter", "reports", action, argument);
    control("set_limit", Some("5")).unwrap();
    assert_eq!(limiter.limit(), 5);
    for argument in [
        None,
        Some("0"),
        Some("-1"),
        Some("many"),
        Some("4294967296"),
    ] {
        let error = control("set_limit", argument).unwrap_err().to_string();
        assert!(error.contains("1 to 4294967295"), "{error}");
    }
    assert!(control("close", None).is_err());
    assert_eq!(limiter.limit(), 5);
    let report = &registry.reports()[0];
    assert_eq!(report.counter("concurrency_limiter.denied"), Some(1));
    let gauge = |name| {
        let metrics = report.snapshot.metrics();
        metrics
            .iter()
            .find(|metric| metric.name == name)
            .unwrap()
            .value
    };
    assert_eq!(gauge("concurrency_limiter.in_flight"), Value::Gauge(1.0));
    assert_eq!(gauge("concurrency_limiter.limit"), Value::Gauge(5.0));
    assert!(builder.build().is_err(), "the name is taken");
}

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
