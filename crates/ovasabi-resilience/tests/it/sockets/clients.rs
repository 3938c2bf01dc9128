//! As layers of clients: reqwest through `from_reqwest`, reqwest itself, and hyper's own client.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use ovasabi_core::classify::{Classify, HttpClassify};
use ovasabi_core::http::client::from_reqwest;
use ovasabi_core::reject::RejectKind;
use ovasabi_core::{Error, Rejection};
use ovasabi_resilience::breaker::Mode;
use ovasabi_resilience::retry::{BufferedBody, ReplayBody, RetryLayer, RetryPolicy};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

use super::echo::{SAID, hello, serve, text};
use super::{
    OVERLOADED, breaker, deadline, fallback, give_to_who_waits, keyed, no_time, one_slot,
    one_slot_and_one_seat, queue, rate, retry, slots, throttle,
};

type Empty = http_body_util::Empty<bytes::Bytes>;

async fn upstream() -> SocketAddr {
    serve(service_fn(hello)).await
}

fn to(address: SocketAddr) -> Request<Empty> {
    Request::get(format!("http://{address}/"))
        .body(Empty::new())
        .unwrap()
}

pub(super) async fn accepts<S, B>(service: S)
where
    S: Service<Request<Empty>, Response = Response<B>>,
    S::Error: std::fmt::Debug,
    B: http_body::Body,
    B::Error: std::fmt::Debug,
{
    let response = service.oneshot(to(upstream().await)).await.unwrap();
    assert_eq!(text(response.into_body()).await, SAID);
}

pub(super) async fn refuses<S>(service: S, kind: RejectKind)
where
    S: Service<Request<Empty>>,
    S::Error: 'static,
{
    let Err(error) = service.oneshot(to(upstream().await)).await else {
        panic!("it was let through")
    };
    assert_eq!(Rejection::find(&error).map(Rejection::kind), Some(kind));
}

pub(super) fn reqwest_client()
-> impl Service<Request<Empty>, Response = Response<reqwest::Body>, Error = Error> + Clone {
    from_reqwest(reqwest::Client::new())
}

pub(super) fn hyper_client()
-> impl Service<Request<Empty>, Response = Response<hyper::body::Incoming>, Error = BoxError> + Clone
{
    let client: Client<_, Empty> = Client::builder(TokioExecutor::new()).build_http();
    client.map_err(BoxError::from)
}

#[tokio::test]
async fn reqwest_breaker() {
    accepts(breaker(Mode::Auto).until_body_end().layer(reqwest_client())).await;
    refuses(
        breaker(Mode::ForcedOpen).layer(reqwest_client()),
        RejectKind::CircuitOpen,
    )
    .await;
}

#[tokio::test]
async fn reqwest_keyed_breaker() {
    accepts(keyed(Mode::Auto).until_body_end().layer(reqwest_client())).await;
    refuses(
        keyed(Mode::ForcedOpen).layer(reqwest_client()),
        RejectKind::CircuitOpen,
    )
    .await;
}

#[tokio::test]
async fn reqwest_rate_limit() {
    accepts(rate(1).layer(reqwest_client())).await;
    refuses(rate(0).layer(reqwest_client()), RejectKind::RateLimited).await;
    let in_turn = |left| rate(left).waiting(Duration::ZERO).layer(reqwest_client());
    accepts(in_turn(1)).await;
    refuses(in_turn(0), RejectKind::RateLimited).await;
}

#[tokio::test]
async fn reqwest_concurrency() {
    let limiter = one_slot();
    accepts(slots(&limiter).until_body_end().layer(reqwest_client())).await;
    let _permit = limiter
        .try_acquire()
        .expect("the slot came back at the end of the body");
    refuses(
        slots(&limiter).layer(reqwest_client()),
        RejectKind::AtCapacity,
    )
    .await;
}

#[tokio::test]
async fn reqwest_concurrency_queue() {
    let limiter = one_slot_and_one_seat();
    let permit = limiter.acquire().await.unwrap();
    tokio::join!(
        accepts(queue(&limiter).layer(reqwest_client())),
        give_to_who_waits(&limiter, permit),
    );
    let _permit = limiter.acquire().await.unwrap();
    let mut seat = tokio_test::task::spawn(limiter.acquire());
    assert!(seat.poll().is_pending());
    refuses(
        queue(&limiter).layer(reqwest_client()),
        RejectKind::AtCapacity,
    )
    .await;
}

#[tokio::test]
async fn reqwest_deadline() {
    accepts(
        deadline()
            .until_body_end()
            .propagate()
            .layer(reqwest_client()),
    )
    .await;
    accepts(deadline().cover_readiness().layer(reqwest_client())).await;
    refuses(
        deadline().limit_by(no_time).layer(reqwest_client()),
        RejectKind::DeadlineExceeded,
    )
    .await;
}

#[tokio::test]
async fn reqwest_retry_passes_a_refusal_below_on() {
    accepts(retry().layer(reqwest_client())).await;
    let refusing = breaker(Mode::ForcedOpen).layer(reqwest_client());
    refuses(retry().layer(refusing), RejectKind::CircuitOpen).await;
}

#[tokio::test]
async fn reqwest_throttle() {
    accepts(throttle(0).until_body_end().layer(reqwest_client())).await;
    refuses(
        throttle(OVERLOADED).layer(reqwest_client()),
        RejectKind::Shed,
    )
    .await;
}

#[tokio::test]
async fn reqwest_fallback() {
    // To the same client, by another way: past the breaker.
    let layer = fallback().service(reqwest_client()).marking();
    accepts(layer.layer(reqwest_client())).await;
    accepts(layer.layer(breaker(Mode::ForcedOpen).layer(reqwest_client()))).await;
}

#[tokio::test]
async fn reqwest_itself_takes_a_layer_with_its_error_boxed() {
    let client = reqwest::Client::new();
    let address = upstream().await;
    let request = || client.get(format!("http://{address}/")).build().unwrap();
    let service = breaker(Mode::Auto).layer(client.clone().map_err(BoxError::from));
    assert_eq!(
        service
            .oneshot(request())
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        SAID
    );
    let service = breaker(Mode::ForcedOpen).layer(client.clone().map_err(BoxError::from));
    let error = service.oneshot(request()).await.unwrap_err();
    assert_eq!(
        Rejection::find(&error).map(Rejection::kind),
        Some(RejectKind::CircuitOpen)
    );
}

#[tokio::test]
async fn hyper_breaker() {
    accepts(breaker(Mode::Auto).until_body_end().layer(hyper_client())).await;
    refuses(
        breaker(Mode::ForcedOpen).layer(hyper_client()),
        RejectKind::CircuitOpen,
    )
    .await;
}

#[tokio::test]
async fn hyper_keyed_breaker() {
    accepts(keyed(Mode::Auto).until_body_end().layer(hyper_client())).await;
    refuses(
        keyed(Mode::ForcedOpen).layer(hyper_client()),
        RejectKind::CircuitOpen,
    )
    .await;
}

#[tokio::test]
async fn hyper_rate_limit() {
    accepts(rate(1).layer(hyper_client())).await;
    refuses(rate(0).layer(hyper_client()), RejectKind::RateLimited).await;
    let in_turn = |left| rate(left).waiting(Duration::ZERO).layer(hyper_client());
    accepts(in_turn(1)).await;
    refuses(in_turn(0), RejectKind::RateLimited).await;
}

#[tokio::test]
async fn hyper_concurrency() {
    let limiter = one_slot();
    accepts(slots(&limiter).until_body_end().layer(hyper_client())).await;
    let _permit = limiter
        .try_acquire()
        .expect("the slot came back at the end of the body");
    refuses(
        slots(&limiter).layer(hyper_client()),
        RejectKind::AtCapacity,
    )
    .await;
}

#[tokio::test]
async fn hyper_concurrency_queue() {
    let limiter = one_slot_and_one_seat();
    let permit = limiter.acquire().await.unwrap();
    tokio::join!(
        accepts(queue(&limiter).layer(hyper_client())),
        give_to_who_waits(&limiter, permit),
    );
    let _permit = limiter.acquire().await.unwrap();
    let mut seat = tokio_test::task::spawn(limiter.acquire());
    assert!(seat.poll().is_pending());
    refuses(
        queue(&limiter).layer(hyper_client()),
        RejectKind::AtCapacity,
    )
    .await;
}

#[tokio::test]
async fn hyper_deadline_and_retry() {
    accepts(
        deadline()
            .until_body_end()
            .layer(retry().layer(hyper_client())),
    )
    .await;
    refuses(
        deadline().limit_by(no_time).layer(hyper_client()),
        RejectKind::DeadlineExceeded,
    )
    .await;
}

/// Nobody listens there: it was bound, and is free again.
async fn nobody() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// How often a `POST` to nobody is sent again through `client`.
async fn retries_of_a_post<S>(client: S) -> u64
where
    S: Service<Request<Empty>> + Clone,
    HttpClassify: Classify<S::Response, S::Error>,
    S::Error: From<Rejection>,
{
    let policy = RetryPolicy::builder("sockets").base(Duration::from_millis(1));
    let policy = policy.build().unwrap();
    let request = Request::post(format!("http://{}/", nobody().await));
    let request = request.body(Empty::new()).unwrap();
    assert!(policy.layer().layer(client).oneshot(request).await.is_err());
    policy.totals().attempts
}

#[tokio::test]
async fn a_connection_that_was_not_made_is_tried_again_whatever_the_method() {
    // P-34
    let ours = ovasabi_core::http::client::Client::<Empty>::new();
    assert_eq!(retries_of_a_post(ours).await, 2);
    assert_eq!(retries_of_a_post(reqwest_client()).await, 2);
    assert_eq!(retries_of_a_post(hyper_client()).await, 2);
}

#[tokio::test]
async fn hyper_and_reqwest_retry_with_bodies() {
    type Sent = http_body_util::Full<bytes::Bytes>;
    let address = serve(service_fn(
        async |request: Request<hyper::body::Incoming>| {
            let is_first = request.headers().get("x-attempts").is_none();
            let said = axum::body::Body::new(request.into_body());
            let response = Response::builder().status(if is_first { 503 } else { 200 });
            Ok::<_, std::convert::Infallible>(response.body(said).unwrap())
        },
    ))
    .await;
    let policy = RetryPolicy::builder("sockets").base(Duration::from_millis(1));
    let layer = RetryLayer::new(policy.build().unwrap())
        .replay(BufferedBody::new())
        .mark_attempts_in(http::HeaderName::from_static("x-attempts"));
    let request = || {
        let request = Request::put(format!("http://{address}/"));
        request.body(Sent::from(SAID)).unwrap()
    };

    let hyper: Client<_, ReplayBody<Sent>> = Client::builder(TokioExecutor::new()).build_http();
    let service = layer.layer(hyper.map_err(BoxError::from));
    let response = service.oneshot(request()).await.unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            text(response.into_body()).await.as_str()
        ),
        (200, SAID)
    );

    let service = layer.layer(from_reqwest(reqwest::Client::new()));
    let response = service.oneshot(request()).await.unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            text(response.into_body()).await.as_str()
        ),
        (200, SAID)
    );
}

#[tokio::test]
async fn hyper_throttle() {
    accepts(throttle(0).until_body_end().layer(hyper_client())).await;
    refuses(throttle(OVERLOADED).layer(hyper_client()), RejectKind::Shed).await;
}

#[tokio::test]
async fn hyper_fallback() {
    let layer = fallback().service(hyper_client()).marking();
    accepts(layer.layer(hyper_client())).await;
    accepts(layer.layer(breaker(Mode::ForcedOpen).layer(hyper_client()))).await;
}
