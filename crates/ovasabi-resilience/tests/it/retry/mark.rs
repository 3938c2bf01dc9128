//! What those downstream are told.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderName, Request, Response};
use http_body_util::Full;
use ovasabi_resilience::retry::{Attempt, GRPC_PREVIOUS_RPC_ATTEMPTS, RetryLayer};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

use super::{get, layer, policy};

type Told = Arc<Mutex<Vec<(Option<u32>, Option<String>)>>>;

/// Fails always, and notes what each attempt tells of itself.
fn failing<B>(
    told: &Told,
    header: &'static str,
) -> impl Service<Request<B>, Response = Response<()>, Error = BoxError, Future: Send> + Clone {
    let told = Arc::clone(told);
    service_fn(move |request: Request<B>| {
        let attempt = request.extensions().get().copied().map(Attempt::number);
        let value = request.headers().get(header);
        let value = value.map(|value| value.to_str().unwrap().to_owned());
        told.lock().unwrap().push((attempt, value));
        std::future::ready(Ok(Response::builder().status(503).body(()).unwrap()))
    })
}

#[tokio::test(start_paused = true)]
async fn attempts_after_the_first_are_marked() {
    let told = Told::default();
    let service = layer().mark_attempts().layer(failing(&told, "x-attempts"));
    service.oneshot(get()).await.unwrap();
    let marks = [(None, None), (Some(2), None), (Some(3), None)];
    assert_eq!(*told.lock().unwrap(), marks);
}

#[tokio::test(start_paused = true)]
async fn a_header_tells_how_many_were_before() {
    let told = Told::default();
    let layer = layer().mark_attempts_in(HeaderName::from_static("x-attempts"));
    let service = layer.layer(failing(&told, "x-attempts"));
    service.oneshot(get()).await.unwrap();
    let header = |before: &str| Some(before.to_owned());
    let marks = [(None, None), (Some(2), header("1")), (Some(3), header("2"))];
    assert_eq!(*told.lock().unwrap(), marks);
}

#[tokio::test(start_paused = true)]
async fn grpc_servers_are_told_as_they_expect() {
    let told = Told::default();
    let service = RetryLayer::grpc(policy()).layer(failing(&told, "grpc-previous-rpc-attempts"));
    let request = Request::post("/test.Echo/Say")
        .header("idempotency-key", "7")
        .header("content-type", "application/grpc")
        .body(Full::<Bytes>::from("hello"));
    // Not gRPC at all: a proxy answers 503.
    service.oneshot(request.unwrap()).await.unwrap();
    let previous: Vec<_> = told
        .lock()
        .unwrap()
        .iter()
        .map(|(_, value)| value.clone())
        .collect();
    assert_eq!(previous, [None, Some("1".to_owned()), Some("2".to_owned())]);
    assert_eq!(GRPC_PREVIOUS_RPC_ATTEMPTS, "grpc-previous-rpc-attempts");
}

#[tokio::test(start_paused = true)]
async fn the_preset_for_http_marks_and_keeps_bodies() {
    let told = Told::default();
    let service = RetryLayer::http(policy()).layer(failing(&told, "x-attempts"));
    let request = Request::put("/")
        .body(Full::<Bytes>::from("hello"))
        .unwrap();
    service.oneshot(request).await.unwrap();
    assert_eq!(told.lock().unwrap().len(), 3);
    assert_eq!(told.lock().unwrap()[2], (Some(3), None));
}
