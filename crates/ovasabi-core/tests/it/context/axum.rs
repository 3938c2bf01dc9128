//! The context in an axum application.

use axum::body::Body;
use axum::routing::get;
use axum::{Extension, Router};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use ovasabi_core::Context;
use ovasabi_core::context::{Cause, ContextLayer};
use tokio::sync::watch;
use tower::ServiceExt;

type Seen = watch::Sender<Option<Context>>;

async fn hello(cx: Context, Extension(seen): Extension<Seen>) -> String {
    let id = cx.request_id().map(ToString::to_string).unwrap_or_default();
    seen.send_replace(Some(cx));
    id
}

async fn stuck(cx: Context, Extension(seen): Extension<Seen>) {
    seen.send_replace(Some(cx));
    std::future::pending().await
}

fn router(seen: &Seen) -> Router {
    Router::new()
        .route("/hello", get(hello))
        .route("/stuck", get(stuck))
        .layer(Extension(seen.clone()))
}

fn request(path: &str) -> Request<Body> {
    Request::get(path)
        .header("x-request-id", "order-7")
        .body(Body::empty())
        .unwrap()
}

#[tokio::test]
async fn a_router_takes_the_layer_and_handlers_the_context() {
    let (seen, _) = watch::channel(None);
    // A router's error is `Infallible`.
    let app = router(&seen).layer(ContextLayer::new());
    let response = app.oneshot(request("/hello")).await.unwrap();
    assert_eq!(
        (response.status(), &response.headers()["x-request-id"]),
        (StatusCode::OK, &"order-7".parse().unwrap())
    );
    let cx = seen.borrow().clone().unwrap();
    assert_eq!(cx.cause(), None);
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "order-7"
    );
    assert_eq!(cx.cause(), Some(Cause::Finished));
}

#[tokio::test]
async fn a_hang_up_cancels_what_the_handler_handed_on() {
    let (seen, mut changes) = watch::channel(None);
    let app = router(&seen).layer(ContextLayer::new());
    let call = tokio::spawn(app.oneshot(request("/stuck")));
    let cx = changes
        .wait_for(Option::is_some)
        .await
        .unwrap()
        .clone()
        .unwrap();
    call.abort();
    assert_eq!(cx.done().await, Cause::Disconnected);
}

#[tokio::test]
async fn without_the_layer_a_handler_answers_500_and_says_nothing() {
    let (seen, _) = watch::channel(None);
    let response = router(&seen).oneshot(request("/hello")).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let cause = ovasabi_core::Error::of_response(&response).map(|error| format!("{error:?}"));
    assert!(
        cause.unwrap().contains("ContextLayer"),
        "the log learns what is missing"
    );
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let body = std::str::from_utf8(&body).unwrap();
    assert!(
        body.contains("internal") && !body.contains("context") && !body.contains("Layer"),
        "{body}"
    );
}
