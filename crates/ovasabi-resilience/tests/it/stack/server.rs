//! Requests through a server.

use std::convert::Infallible;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use http_body_util::BodyExt;
use ovasabi_resilience::rate_limit::{KeyedRateLimiter, Quota};
use ovasabi_resilience::stack::{ConcurrencyConfig, RateLimitConfig, Slot, Stack};
use tower::layer::layer_fn;
use tower::util::MapRequest;
use tower::{Service, ServiceExt};

use super::SEC;

async fn slow() -> &'static str {
    tokio::time::sleep(60 * SEC).await;
    "late"
}

fn router() -> Router {
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/slow", get(slow))
}

fn to(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn refusals_are_problems_with_the_right_status_and_axum_stays_infallible() {
    let stack = Stack::http_server("api")
        .concurrency(ConcurrencyConfig::fixed(NonZeroU32::MIN))
        .rate_limit(RateLimitConfig::per_second(NonZeroU32::new(2).unwrap()))
        .deadline(SEC)
        .build()
        .unwrap();
    let app: Router = router().layer(stack.layer());
    let late = app.clone().oneshot(to("/slow")).await.unwrap();
    assert_eq!(late.status(), 504);

    // Its body is not read: the slot is held.
    let first = app.clone().oneshot(to("/")).await.unwrap();
    assert_eq!(first.status(), 200);
    let full = app.clone().oneshot(to("/")).await.unwrap();
    assert_eq!(full.status(), 503);
    assert_eq!(
        first.into_body().collect().await.unwrap().to_bytes(),
        "hello"
    );

    let last = app.clone().oneshot(to("/")).await.unwrap();
    drop(last);
    let limited = loop {
        let answer = app.clone().oneshot(to("/")).await.unwrap();
        if answer.status() != 200 {
            break answer;
        }
    };
    assert_eq!(limited.status(), 429);
    assert!(limited.headers().contains_key("retry-after"));
    assert_eq!(
        limited.headers()["content-type"],
        "application/problem+json"
    );
}

/// A layer that writes down that a request has come by.
fn mark<S>(
    log: &Arc<Mutex<Vec<&'static str>>>,
    name: &'static str,
) -> impl tower::Layer<
    S,
    Service = MapRequest<S, impl Fn(Request<Body>) -> Request<Body> + Clone + use<S>>,
> + Clone
+ use<S>
where
    S: Service<Request<Body>>,
{
    let log = Arc::clone(log);
    layer_fn(move |inner: S| {
        let log = Arc::clone(&log);
        MapRequest::new(inner, move |request| {
            log.lock().unwrap().push(name);
            request
        })
    })
}

#[tokio::test(start_paused = true)]
async fn foreign_layers_stand_in_their_slots() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let never = KeyedRateLimiter::builder("by path", Quota::per_hour(NonZeroU32::MIN))
        .build()
        .unwrap();
    let stack = Stack::http_server("api")
        .rate_limit_by(never, |request: &Request<Body>| {
            request.uri().path().to_owned()
        })
        .at(Slot::Policy, mark(&log, "policy"))
        .at(Slot::Edge, mark(&log, "edge"))
        .at(Slot::Auth, mark(&log, "auth"))
        .build()
        .unwrap();
    let service = tower::Layer::layer(
        &stack.layer(),
        tower::service_fn(async |_: Request<Body>| {
            Ok::<_, Infallible>(http::Response::new(Body::empty()))
        }),
    );
    assert_eq!(
        service.clone().oneshot(to("/a")).await.unwrap().status(),
        200
    );
    assert_eq!(*log.lock().unwrap(), ["edge", "auth", "policy"]);
    // The quota of its path is used up: the limit stands inside of auth and outside of policy.
    assert_eq!(
        service.clone().oneshot(to("/a")).await.unwrap().status(),
        429
    );
    assert_eq!(
        *log.lock().unwrap(),
        ["edge", "auth", "policy", "edge", "auth"]
    );
    assert_eq!(service.oneshot(to("/b")).await.unwrap().status(), 200);
}
