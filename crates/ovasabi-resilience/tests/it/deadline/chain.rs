//! Deadlines that travel: two services and a caller, in virtual time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use ovasabi_core::context::{ContextClientLayer, ContextLayer, wire};
use ovasabi_core::reject::RejectKind;
use ovasabi_core::{Context, Rejection};
use ovasabi_resilience::deadline::Deadline;
use tokio::time::Instant;
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

use super::{MS, SEC, kind, total};

type Body = Full<Bytes>;
type Remaining = Arc<Mutex<Vec<Duration>>>;

/// The service at the end of the chain: notes how much time it was given, and would never answer.
fn back(
    seen: &Remaining,
) -> impl Service<Request<Body>, Response = Response<impl http_body::Body>, Error = BoxError> + Clone
{
    let seen = Arc::clone(seen);
    let handler = service_fn(move |request: Request<Body>| {
        let context = request.extensions().get::<Context>().cloned().unwrap();
        seen.lock().unwrap().extend(context.remaining());
        std::future::pending::<Result<Response<Body>, BoxError>>()
    });
    let deadline = total(Duration::MAX).layer().responding().layer(handler);
    ContextLayer::new().layer(deadline)
}

/// The service before it: calls the other with one second for each attempt, and 50 ms for the way.
fn front(
    seen: &Remaining,
) -> impl Service<Request<Body>, Response = Response<impl http_body::Body>, Error = BoxError> {
    let attempt = Deadline::per_attempt("back", SEC)
        .transit_margin(50 * MS)
        .build()
        .unwrap();
    let client = ContextClientLayer::new().layer(back(seen));
    let client = attempt.layer().propagate().layer(client);
    let handler = service_fn(move |request: Request<Body>| {
        let client = client.clone();
        async move {
            let (parts, body) = request.into_parts();
            let mut onwards = Request::new(body);
            let content_type = parts.headers.get("content-type");
            onwards
                .headers_mut()
                .extend(content_type.map(|value| (http::header::CONTENT_TYPE, value.clone())));
            // The context is the current one: nobody attached it.
            let response = client.oneshot(onwards).await?;
            Ok::<_, BoxError>(
                Response::builder()
                    .status(response.status())
                    .body(Body::default())?,
            )
        }
    });
    ContextLayer::new().layer(handler)
}

#[tokio::test(start_paused = true)]
async fn those_behind_are_told_the_smaller_time_less_the_margin_and_stop_first() {
    // P-62
    for content_type in ["text/plain", "application/grpc"] {
        for (caller, told) in [
            (None, 950 * MS),
            (Some(5 * SEC), 950 * MS),
            (Some(300 * MS), 250 * MS),
        ] {
            let seen = Remaining::default();
            let mut request = Request::builder().header("content-type", content_type);
            if let Some(caller) = caller {
                request = match content_type {
                    "text/plain" => request.header(
                        wire::X_REQUEST_TIMEOUT_MS,
                        wire::format_timeout_ms(caller).unwrap(),
                    ),
                    _ => request.header(wire::GRPC_TIMEOUT, wire::format_grpc_timeout(caller)),
                };
            }
            let start = Instant::now();
            let response = front(&seen)
                .oneshot(request.body(Body::default()).unwrap())
                .await;
            // The other's own answer: it stopped before the caller's side had to cut it off.
            let status = response.unwrap().status();
            let expected = match content_type {
                "text/plain" => StatusCode::GATEWAY_TIMEOUT,
                _ => StatusCode::OK,
            };
            assert_eq!(status, expected, "{content_type}, {caller:?}");
            assert_eq!(*seen.lock().unwrap(), [told], "{content_type}, {caller:?}");
            let waited = start.elapsed();
            assert!(waited >= told && waited <= told + 2 * MS, "{waited:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_the_margin_leaves_no_time_for_is_refused() {
    let seen = Remaining::default();
    let start = Instant::now();
    let request = Request::builder()
        .header(wire::X_REQUEST_TIMEOUT_MS, "50")
        .body(Body::default())
        .unwrap();
    let error = front(&seen).oneshot(request).await.err().unwrap();
    assert_eq!(kind(&error), Some(RejectKind::DeadlineExceeded));
    assert_eq!(Rejection::find(&error).unwrap().layer(), "timeout");
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn those_inside_see_the_deadline_attached_and_current_and_nobody_outside_does() {
    let deadline = Deadline::total("test", SEC)
        .transit_margin(100 * MS)
        .build()
        .unwrap();
    let service = deadline
        .layer()
        .propagate()
        .layer(service_fn(|request: Request<()>| {
            // Also those that work in `call`.
            let at_call = Context::current().unwrap().remaining();
            async move {
                tokio::time::sleep(200 * MS).await;
                let attached = request.extensions().get::<Context>().unwrap().remaining();
                let current = Context::current().unwrap().remaining();
                Ok::<_, BoxError>(Response::new([at_call, attached, current]))
            }
        }));
    let outside = Context::background().with("a value");
    let left = outside
        .scope(service.oneshot(Request::new(())))
        .await
        .unwrap()
        .into_body();
    assert_eq!(left, [900 * MS, 700 * MS, 700 * MS].map(Some));
    assert_eq!(outside.deadline(), None);
}

#[tokio::test(start_paused = true)]
async fn what_is_told_keeps_the_values_and_follows_the_cancellation() {
    let service = total(SEC)
        .layer()
        .propagate()
        .layer(service_fn(async |request: Request<()>| {
            let context = request.extensions().get::<Context>().cloned().unwrap();
            assert_eq!(context.get::<u32>(), Some(&7));
            context.done().await;
            Ok::<_, BoxError>(Response::new(()))
        }));
    let (context, guard) = Context::background().with(7_u32).child();
    let call = tokio::spawn(service.oneshot(context.attach(Request::new(()))));
    tokio::task::yield_now().await;
    assert!(!call.is_finished());
    drop(guard);
    call.await.unwrap().unwrap();
}
