//! As layers of servers: axum, whose routes are `Infallible`, and plain hyper.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{Request, Response};
use ovasabi_resilience::breaker::Mode;
use ovasabi_resilience::retry::{BufferedBody, EmptyBody};
use tower::{Layer, Service, service_fn};

use super::echo::{SAID, hello, serve};
use super::{
    INSTEAD, LONG, breaker, deadline, fallback, give_to_who_waits, keyed, limited_retry, no_time,
    one_slot, one_slot_and_one_seat, rate, retry, shed, shedding, slots,
};

/// Asks once: the status, the `Retry-After` and the body.
async fn ask(address: SocketAddr) -> (u16, Option<String>, String) {
    let client = reqwest::Client::new();
    let response = client
        .get(format!("http://{address}/"))
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    let hint = response
        .headers()
        .get("retry-after")
        .map(|value| value.to_str().unwrap().to_owned());
    (status, hint, response.text().await.unwrap())
}

pub(super) async fn in_axum<L, S>(layer: L) -> SocketAddr
where
    L: Layer<axum::routing::Route, Service = S> + Clone + Send + Sync + 'static,
    S: Service<Request<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Response: IntoResponse + 'static,
    S::Future: Send + 'static,
{
    let router = Router::new().route("/", get(hello::<Body>)).layer(layer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

pub(super) async fn accepts(address: SocketAddr) {
    assert_eq!(ask(address).await, (200, None, SAID.to_owned()));
}

pub(super) async fn refuses(address: SocketAddr, status: u16, reason: &str, has_hint: bool) {
    let (got, hint, body) = ask(address).await;
    assert_eq!((got, hint.is_some()), (status, has_hint), "{body}");
    assert!(body.contains(&format!("\"reason\":\"{reason}\"")), "{body}");
}

#[tokio::test]
async fn axum_breaker() {
    accepts(in_axum(breaker(Mode::Auto).responding().until_body_end()).await).await;
    refuses(
        in_axum(breaker(Mode::ForcedOpen).responding()).await,
        503,
        "circuit_open",
        true,
    )
    .await;
}

#[tokio::test]
async fn axum_keyed_breaker() {
    accepts(in_axum(keyed(Mode::Auto).responding().until_body_end()).await).await;
    refuses(
        in_axum(keyed(Mode::ForcedOpen).responding()).await,
        503,
        "circuit_open",
        true,
    )
    .await;
}

#[tokio::test]
async fn axum_rate_limit() {
    let address = in_axum(rate(1).responding()).await;
    accepts(address).await;
    refuses(address, 429, "rate_limited", true).await;
}

#[tokio::test]
async fn axum_rate_limit_in_turn_by_address_and_route() {
    use ovasabi_resilience::rate_limit::key::{ClientIp, Route, RouteKey};
    use ovasabi_resilience::rate_limit::{KeyedRateLimiter, Quota, RateLimitLayer};
    let quota = Quota::one_every(Duration::from_millis(20)).unwrap();
    let limiter = KeyedRateLimiter::builder("sockets", quota).build().unwrap();
    let layer = RateLimitLayer::keyed(limiter.clone(), (ClientIp::peer(), Route::new()))
        .responding()
        .waiting(LONG)
        .headers();
    let router = Router::new().route("/", get(hello::<Body>)).layer(layer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    for _ in 0..3 {
        accepts(address).await;
    }
    let key = (address.ip(), RouteKey::new(http::Method::GET, "/"));
    assert_eq!(limiter.standing(&key).quota(), quota);
    let report = limiter.snapshot();
    let waited = report
        .metrics()
        .iter()
        .find(|metric| metric.name.ends_with(".waited"));
    assert!(waited.is_some_and(|metric| metric.value != ovasabi_core::inspect::Value::Counter(0)));
    let response = reqwest::get(format!("http://{address}/")).await.unwrap();
    assert_eq!(
        response.headers()["ratelimit-policy"],
        "\"sockets\";q=50;w=1"
    );
}

#[tokio::test]
async fn axum_concurrency() {
    let limiter = one_slot();
    let address = in_axum(slots(&limiter).responding().until_body_end()).await;
    accepts(address).await;
    let permit = limiter
        .try_acquire()
        .expect("the slot came back at the end of the body");
    refuses(address, 503, "at_capacity", false).await;
    drop(permit);
    accepts(address).await;
}

#[tokio::test]
async fn axum_concurrency_queue() {
    let limiter = one_slot_and_one_seat();
    let layer = slots(&limiter).responding().until_body_end().queued();
    let address = in_axum(layer).await;
    accepts(address).await;
    let permit = limiter.acquire().await.unwrap();
    let refused = async {
        while limiter.queued() == 0 {
            tokio::task::yield_now().await;
        }
        refuses(address, 503, "at_capacity", false).await;
        give_to_who_waits(&limiter, permit).await;
    };
    tokio::join!(accepts(address), refused);
}

#[tokio::test]
async fn axum_deadline() {
    accepts(in_axum(deadline().responding()).await).await;
    accepts(in_axum(deadline().responding().until_body_end().propagate()).await).await;
    accepts(in_axum(deadline().responding().cover_readiness()).await).await;
    refuses(
        in_axum(deadline().responding().follow_body().limit_by(no_time)).await,
        504,
        "deadline_exceeded",
        false,
    )
    .await;
}

#[tokio::test]
async fn axum_load_shed() {
    let shed = shed();
    let address = in_axum(shedding(&shed).responding().until_body_end()).await;
    accepts(address).await;
    let running = shed
        .try_acquire(Default::default())
        .expect("the call was over at the end of the body");
    refuses(address, 503, "shed", false).await;
    drop(running);
    accepts(address).await;
}

fn instead(
    (): (),
    _cause: ovasabi_resilience::fallback::Cause,
) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::from(INSTEAD)))
}

#[tokio::test]
async fn axum_fallback() {
    accepts(in_axum(fallback().function(instead).marking()).await).await;
    let refusing = breaker(Mode::ForcedOpen).responding();
    let layer = tower_layer::Stack::new(refusing, fallback().function(instead).marking());
    let answer = ask(in_axum(layer).await).await;
    assert_eq!(answer, (200, None, INSTEAD.to_owned()));
}

pub(super) fn plain() -> impl Service<
    Request<hyper::body::Incoming>,
    Response = Response<Body>,
    Error = Infallible,
    Future: Send,
> + Clone
+ Send {
    service_fn(hello)
}

#[tokio::test]
async fn hyper_breaker() {
    accepts(
        serve(
            breaker(Mode::Auto)
                .responding()
                .until_body_end()
                .layer(plain()),
        )
        .await,
    )
    .await;
    let refusing = breaker(Mode::ForcedOpen).responding().layer(plain());
    refuses(serve(refusing).await, 503, "circuit_open", true).await;
}

#[tokio::test]
async fn hyper_keyed_breaker() {
    let accepting = keyed(Mode::Auto).responding().until_body_end();
    accepts(serve(accepting.layer(plain())).await).await;
    let refusing = keyed(Mode::ForcedOpen).responding().layer(plain());
    refuses(serve(refusing).await, 503, "circuit_open", true).await;
}

#[tokio::test]
async fn hyper_rate_limit() {
    let address = serve(rate(1).responding().layer(plain())).await;
    accepts(address).await;
    refuses(address, 429, "rate_limited", true).await;
}

#[tokio::test]
async fn hyper_rate_limit_in_turn() {
    let address = serve(rate(1).responding().waiting(Duration::ZERO).layer(plain())).await;
    accepts(address).await;
    refuses(address, 429, "rate_limited", true).await;
}

#[tokio::test]
async fn hyper_concurrency() {
    let limiter = one_slot();
    let address = serve(slots(&limiter).responding().until_body_end().layer(plain())).await;
    accepts(address).await;
    let _permit = limiter
        .try_acquire()
        .expect("the slot came back at the end of the body");
    refuses(address, 503, "at_capacity", false).await;
}

#[tokio::test]
async fn hyper_concurrency_queue() {
    let limiter = one_slot_and_one_seat();
    let layer = slots(&limiter).responding().until_body_end().queued();
    let address = serve(layer.layer(plain())).await;
    accepts(address).await;
    let permit = limiter.acquire().await.unwrap();
    let refused = async {
        while limiter.queued() == 0 {
            tokio::task::yield_now().await;
        }
        refuses(address, 503, "at_capacity", false).await;
        give_to_who_waits(&limiter, permit).await;
    };
    tokio::join!(accepts(address), refused);
}

#[tokio::test]
async fn hyper_deadline() {
    accepts(serve(deadline().responding().until_body_end().layer(plain())).await).await;
    let refusing = deadline().responding().limit_by(no_time).layer(plain());
    refuses(serve(refusing).await, 504, "deadline_exceeded", false).await;
}

#[tokio::test]
async fn hyper_load_shed() {
    let shed = shed();
    let layer = shedding(&shed).responding().until_body_end();
    let address = serve(layer.layer(plain())).await;
    accepts(address).await;
    let _running = shed
        .try_acquire(Default::default())
        .expect("the call was over at the end of the body");
    refuses(address, 503, "shed", false).await;
}

#[tokio::test]
async fn hyper_fallback() {
    accepts(serve(fallback().function(instead).layer(plain())).await).await;
    let refusing = breaker(Mode::ForcedOpen).responding().layer(plain());
    let address = serve(fallback().function(instead).layer(refusing)).await;
    assert_eq!(ask(address).await, (200, None, INSTEAD.to_owned()));
}

#[tokio::test]
async fn hyper_retry() {
    let layer = retry().replay(BufferedBody::new()).responding();
    accepts(serve(layer.layer(service_fn(hello))).await).await;
    let slow = limited_retry().replay(BufferedBody::new()).responding();
    refuses(
        serve(slow.layer(service_fn(hang))).await,
        504,
        "timed_out",
        false,
    )
    .await;
}

#[tokio::test]
async fn axum_retry() {
    let layer = retry().replay(EmptyBody).responding();
    accepts(in_axum(layer).await).await;
    let slow = limited_retry().replay(EmptyBody).responding();
    let router = Router::new().route("/", get(hang::<Body>)).layer(slow);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    refuses(address, 504, "timed_out", false).await;
}

/// Never answers.
async fn hang<B>(_request: Request<B>) -> Result<Response<Body>, Infallible> {
    std::future::pending().await
}
