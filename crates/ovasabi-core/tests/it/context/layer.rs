//! The server side: what enters, and what ends a context.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Empty, Full, channel::Channel};
use ovasabi_core::Context;
use ovasabi_core::body::EndBody;
use ovasabi_core::classify::Class;
use ovasabi_core::context::{Cause, ContextGuard, ContextLayer, Tenant, wire};
use tokio_test::{assert_pending, assert_ready, task};
use tower::{Service, ServiceExt, service_fn};

type Slot = Arc<Mutex<Option<Context>>>;

/// A service that keeps the context of its last request and answers with `answer`.
fn keeping<B, R>(
    slot: &Slot,
    answer: impl Fn() -> Response<R> + Clone,
) -> impl Service<Request<B>, Response = Response<R>, Error = Infallible, Future: Send> + Clone
where
    R: Send,
{
    let slot = Arc::clone(slot);
    service_fn(move |request: Request<B>| {
        *slot.lock().unwrap() = request.extensions().get().cloned();
        std::future::ready(Ok(answer()))
    })
}

fn request(headers: &[(&str, &str)]) -> Request<()> {
    let builder = headers
        .iter()
        .fold(Request::builder(), |builder, (name, value)| {
            builder.header(*name, *value)
        });
    builder.body(()).unwrap()
}

fn kept(slot: &Slot) -> Context {
    slot.lock()
        .unwrap()
        .clone()
        .expect("the service was called")
}

/// The context that `layer` opens for a request with these headers.
async fn opened(layer: ContextLayer, headers: &[(&str, &str)]) -> Context {
    let slot = Slot::default();
    let service = layer.wrap(keeping(&slot, || Response::new(Empty::<Bytes>::new())));
    service.oneshot(request(headers)).await.unwrap();
    kept(&slot)
}

#[tokio::test(start_paused = true)]
async fn headers_become_a_context() {
    let cx = opened(
        ContextLayer::new().baggage(["tier"]),
        &[
            ("x-request-id", "order-7"),
            (
                "traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
            ),
            ("tracestate", "vendor=1"),
            ("baggage", "tier=gold,debug=1"),
            ("x-request-timeout-ms", "250"),
        ],
    )
    .await;
    assert_eq!(cx.request_id().unwrap().as_str(), "order-7");
    let trace = cx.trace().unwrap();
    assert_eq!(
        (trace.parent_id(), trace.is_sampled()),
        (Some(0xb7ad_6b71_6920_3331), false)
    );
    assert_eq!(cx.trace_state().unwrap().as_header(), "vendor=1");
    let baggage = cx.baggage().unwrap();
    assert_eq!(
        (baggage.get("tier"), baggage.get("debug")),
        (Some("gold"), None)
    );
    assert_eq!(cx.remaining(), Some(Duration::from_millis(250)));
}

#[tokio::test]
async fn a_request_without_headers_gets_an_id_and_a_trace_and_no_deadline() {
    let cx = opened(ContextLayer::new(), &[]).await;
    assert_eq!(cx.request_id().unwrap().as_str().len(), 32);
    assert_eq!(cx.trace().unwrap().parent_id(), None);
    assert_eq!(
        (cx.deadline(), cx.trace_state(), cx.baggage()),
        (None, None, None)
    );
}

#[tokio::test]
async fn bad_headers_count_as_not_sent() {
    let headers = [
        ("x-request-id", "two words"),
        ("traceparent", "00-nonsense"),
        ("tracestate", "vendor=1"),
        ("grpc-timeout", "soon"),
        ("x-request-timeout-ms", "-5"),
    ];
    let cx = opened(ContextLayer::new(), &headers).await;
    assert_eq!(cx.request_id().unwrap().as_str().len(), 32);
    assert_eq!(
        (
            cx.trace().unwrap().parent_id(),
            cx.trace_state(),
            cx.deadline()
        ),
        (None, None, None)
    );
}

#[tokio::test]
async fn an_edge_server_takes_over_neither_ids_nor_traces() {
    let layer = ContextLayer::new().distrust_request_id().distrust_trace();
    let headers = [
        ("x-request-id", "order-7"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
    ];
    let cx = opened(layer, &headers).await;
    assert_ne!(cx.request_id().unwrap().as_str(), "order-7");
    assert_eq!(cx.trace().unwrap().parent_id(), None);
}

#[tokio::test(start_paused = true)]
async fn the_shortest_timeout_counts_up_to_the_cap() {
    let left = async |layer: ContextLayer, headers| opened(layer, headers).await.remaining();
    let plain = ContextLayer::new;
    let both = &[("grpc-timeout", "2S"), ("x-request-timeout-ms", "3000")][..];
    assert_eq!(left(plain(), both).await, Some(Duration::from_secs(2)));
    let capped = || plain().max_timeout(Duration::from_secs(1));
    assert_eq!(left(capped(), both).await, Some(Duration::from_secs(1)));
    assert_eq!(left(capped(), &[]).await, None);
    let default = || capped().default_timeout(Duration::from_secs(5));
    assert_eq!(left(default(), &[]).await, Some(Duration::from_secs(1)));
    let default = plain().default_timeout(Duration::from_secs(5));
    assert_eq!(left(default, both).await, Some(Duration::from_secs(2)));
    assert_eq!(
        left(plain(), &[("grpc-timeout", "0n")]).await,
        Some(Duration::ZERO)
    );
}

#[tokio::test(start_paused = true)]
async fn a_stopping_process_cancels_its_requests() {
    let (process, stop) = Context::background().with(Tenant::new("acme")).child();
    let slot = Slot::default();
    let layer = ContextLayer::new().parent(process);
    let (_sender, body) = Channel::<Bytes>::new(1);
    let body = Mutex::new(Some(body));
    let answer = Arc::new(move || Response::new(body.lock().unwrap().take().unwrap()));
    let response = layer
        .wrap(keeping(&slot, move || answer()))
        .oneshot(request(&[]))
        .await
        .unwrap();
    let cx = kept(&slot);
    assert_eq!(
        (cx.cause(), cx.tenant().map(Tenant::as_str)),
        (None, Some("acme"))
    );
    assert!(cx.request_id().is_some());
    stop.cancel(Cause::Shutdown);
    assert_eq!(cx.cause(), Some(Cause::Shutdown));
    drop(response);
    assert_eq!(cx.cause(), Some(Cause::Shutdown));
}

#[tokio::test(start_paused = true)]
async fn a_request_handed_over_within_the_process_gets_a_child() {
    let outer = Context::background()
        .with(7_u32)
        .with_timeout(Duration::from_secs(1));
    let slot = Slot::default();
    let service = ContextLayer::new().wrap(keeping(&slot, || Response::new(Empty::<Bytes>::new())));
    let sent = outer.attach(request(&[
        ("x-request-timeout-ms", "5000"),
        ("x-request-id", "forged"),
    ]));
    service.oneshot(sent).await.unwrap();
    let inner = kept(&slot);
    assert_eq!(
        (inner.get::<u32>(), inner.deadline()),
        (Some(&7), outer.deadline())
    );
    assert!(inner.request_id().is_none());
    assert_eq!(
        (inner.cause(), outer.cause()),
        (Some(Cause::Finished), None)
    );
}

#[test]
fn a_hang_up_before_the_head_cancels() {
    let slot = Slot::default();
    let inside = Arc::clone(&slot);
    let mut service = ContextLayer::new().wrap(service_fn(move |request: Request<()>| {
        *inside.lock().unwrap() = request.extensions().get().cloned();
        std::future::pending::<Result<Response<Empty<Bytes>>, Infallible>>()
    }));
    let mut call = task::spawn(service.call(request(&[])));
    assert_pending!(call.poll());
    let cx = kept(&slot);
    assert_eq!(cx.cause(), None);
    drop(call);
    assert_eq!(cx.cause(), Some(Cause::Disconnected));
}

#[tokio::test]
async fn work_dropped_by_a_hang_up_knows_why() {
    struct Tell(Context, Slot);
    impl Drop for Tell {
        fn drop(&mut self) {
            assert_eq!(self.0.cause(), Some(Cause::Disconnected));
            *self.1.lock().unwrap() = Some(self.0.clone());
        }
    }
    let slot = Slot::default();
    let inside = Arc::clone(&slot);
    let service = ContextLayer::new().wrap(service_fn(move |request: Request<()>| {
        let tell = Tell(
            request.extensions().get::<Context>().unwrap().clone(),
            Arc::clone(&inside),
        );
        async move {
            let _tell = tell;
            std::future::pending::<Result<Response<Empty<Bytes>>, Infallible>>().await
        }
    }));
    let mut call = task::spawn(service.oneshot(request(&[])));
    assert_pending!(call.poll());
    drop(call);
    assert!(slot.lock().unwrap().is_some());
}

type Followed<R> = Response<EndBody<R, ContextGuard, Class>>;

/// Sends a request to a service with this answer, hands the response to `with`, and returns the causes
/// before and after.
async fn causes<R: Body + Send + 'static>(
    method: Method,
    answer: Response<R>,
    with: impl AsyncFnOnce(Followed<R>),
) -> (Option<Cause>, Option<Cause>) {
    let slot = Slot::default();
    let answer = Arc::new(Mutex::new(Some(answer)));
    let service = keeping(&slot, move || answer.lock().unwrap().take().unwrap());
    let mut request = request(&[]);
    *request.method_mut() = method;
    let response = ContextLayer::new()
        .wrap(service)
        .oneshot(request)
        .await
        .unwrap();
    let before = kept(&slot).cause();
    with(response).await;
    (before, kept(&slot).cause())
}

fn text() -> Full<Bytes> {
    Full::from("hello")
}

const FINISHED: Option<Cause> = Some(Cause::Finished);
const DISCONNECTED: Option<Cause> = Some(Cause::Disconnected);

#[tokio::test]
async fn completion_finishes_the_context() {
    let read = async |response: Response<_>| {
        BodyExt::collect(response.into_body()).await.unwrap();
    };
    assert_eq!(
        causes(Method::GET, Response::new(text()), read).await,
        (None, FINISHED)
    );
}

#[tokio::test]
async fn a_body_that_is_dropped_unread_is_a_hang_up() {
    assert_eq!(
        causes(Method::GET, Response::new(text()), async |_| {}).await,
        (None, DISCONNECTED)
    );
}

#[tokio::test]
async fn an_empty_body_is_over_with_the_head() {
    let answer = Response::new(Empty::<Bytes>::new());
    assert_eq!(
        causes(Method::GET, answer, async |_| {}).await,
        (FINISHED, FINISHED)
    );
}

#[tokio::test]
async fn the_unread_body_of_a_head_request_is_no_hang_up() {
    assert_eq!(
        causes(Method::HEAD, Response::new(text()), async |_| {}).await,
        (None, FINISHED)
    );
}

#[tokio::test]
async fn the_unread_body_of_a_status_without_one_is_no_hang_up() {
    for status in [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED] {
        let mut answer = Response::new(text());
        *answer.status_mut() = status;
        assert_eq!(
            causes(Method::GET, answer, async |_| {}).await,
            (None, FINISHED)
        );
    }
}

#[tokio::test]
async fn a_stream_dropped_after_its_promised_length_has_finished() {
    for (length, expected) in [("5", FINISHED), ("6", DISCONNECTED)] {
        let (mut sender, body) = Channel::<Bytes>::new(2);
        sender.send_data("hello".into()).await.unwrap();
        let answer = Response::builder()
            .header("content-length", length)
            .body(body)
            .unwrap();
        // Servers take what the length promises and never ask for the end.
        let read_one = async |response: Response<_>| {
            let mut body = pin!(response.into_body());
            BodyExt::frame(&mut body).await.unwrap().unwrap();
        };
        assert_eq!(
            causes(Method::GET, answer, read_one).await,
            (None, expected),
            "{length}"
        );
    }
}

#[tokio::test]
async fn a_body_that_breaks_cancels_with_a_reason() {
    let (sender, body) = Channel::<Bytes, std::io::Error>::new(1);
    sender.abort(std::io::Error::other("disk gone"));
    let read = async |response: Response<_>| {
        BodyExt::collect(response.into_body()).await.unwrap_err();
    };
    let broken = Some(Cause::Other("the response body broke off".into()));
    assert_eq!(
        causes(Method::GET, Response::new(body), read).await,
        (None, broken)
    );
}

#[tokio::test]
async fn a_service_that_fails_cancels_with_a_reason() {
    let slot = Slot::default();
    let inside = Arc::clone(&slot);
    let service = ContextLayer::new().wrap(service_fn(move |request: Request<()>| {
        *inside.lock().unwrap() = request.extensions().get().cloned();
        std::future::ready(Err::<Response<Empty<Bytes>>, _>(tower::BoxError::from(
            "down",
        )))
    }));
    assert_eq!(
        service.oneshot(request(&[])).await.unwrap_err().to_string(),
        "down"
    );
    assert_eq!(
        kept(&slot).cause(),
        Some(Cause::Other("the service failed".into()))
    );
}

#[test]
fn a_service_that_panics_cancels_with_a_reason() {
    let slot = Slot::default();
    let inside = Arc::clone(&slot);
    let service = ContextLayer::new().wrap(service_fn(move |request: Request<()>| {
        *inside.lock().unwrap() = request.extensions().get().cloned();
        async move {
            assert!(
                request.headers().contains_key("never"),
                "a bug in the handler"
            );
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    }));
    let polled = catch_unwind(AssertUnwindSafe(move || {
        task::spawn(service.oneshot(request(&[]))).poll()
    }));
    assert!(polled.is_err());
    assert_eq!(
        kept(&slot).cause(),
        Some(Cause::Other("the service panicked".into()))
    );
}

#[test]
fn a_panic_that_somebody_catches_outside_is_a_reason_all_the_same() {
    let slot = Slot::default();
    let inside = Arc::clone(&slot);
    let service = ContextLayer::new().wrap(service_fn(move |request: Request<()>| {
        *inside.lock().unwrap() = request.extensions().get().cloned();
        async move {
            assert!(
                request.headers().contains_key("never"),
                "a bug in the handler"
            );
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    }));
    let mut call = task::spawn(service.oneshot(request(&[])));
    assert!(catch_unwind(AssertUnwindSafe(|| call.poll())).is_err());
    // Before the future is dropped, and whenever that is.
    assert_eq!(
        kept(&slot).cause(),
        Some(Cause::Other("the service panicked".into()))
    );
}

#[tokio::test]
async fn two_parents_are_none() {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = [
        ("traceparent", parent),
        ("traceparent", parent),
        ("tracestate", "vendor=1"),
    ];
    let cx = opened(ContextLayer::new(), &headers).await;
    let trace = cx.trace().unwrap();
    assert_ne!(trace.trace_id(), 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
    assert_eq!((trace.parent_id(), cx.trace_state()), (None, None));
}

#[tokio::test]
async fn the_context_is_current_while_the_service_runs() {
    let id = || Context::current().and_then(|cx| Some(cx.request_id()?.as_str().to_owned()));
    let in_call = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&in_call);
    let service = ContextLayer::new().wrap(service_fn(move |_: Request<()>| {
        *seen.lock().unwrap() = id();
        async move {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(id().unwrap())))
        }
    }));
    let response = service
        .oneshot(request(&[("x-request-id", "order-7")]))
        .await
        .unwrap();
    assert_eq!(in_call.lock().unwrap().as_deref(), Some("order-7"));
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "order-7"
    );
    assert!(Context::current().is_none());
}

#[tokio::test]
async fn the_response_says_the_id_unless_the_service_did_or_nobody_asked() {
    let slot = Slot::default();
    let echoed = async |layer: ContextLayer, own: Option<&'static str>| {
        let service = layer.wrap(keeping(&slot, move || {
            let builder = own.into_iter().fold(Response::builder(), |b, id| {
                b.header(wire::X_REQUEST_ID, id)
            });
            builder.body(Empty::<Bytes>::new()).unwrap()
        }));
        let response = service
            .oneshot(request(&[("x-request-id", "order-7")]))
            .await
            .unwrap();
        response
            .headers()
            .get(wire::X_REQUEST_ID)
            .map(|id| id.to_str().unwrap().to_owned())
    };
    assert_eq!(
        echoed(ContextLayer::new(), None).await.as_deref(),
        Some("order-7")
    );
    assert_eq!(
        echoed(ContextLayer::new(), Some("own")).await.as_deref(),
        Some("own")
    );
    assert_eq!(echoed(ContextLayer::new().without_echo(), None).await, None);
}

#[tokio::test]
async fn readiness_is_that_of_the_service_inside() {
    let (mut inner, handle) = tower_test::mock::spawn_with(
        |mock: tower_test::mock::Mock<Request<()>, Response<Full<Bytes>>>| {
            ContextLayer::new().wrap(mock)
        },
    );
    let mut handle = pin!(handle);
    handle.allow(0);
    assert_pending!(inner.poll_ready());
    handle.allow(1);
    assert_ready!(inner.poll_ready()).unwrap();
    let mut call = task::spawn(inner.call(request(&[])));
    assert_pending!(call.poll());
    let (_, respond) = handle.next_request().await.unwrap();
    respond.send_response(Response::new(text()));
    assert_ready!(call.poll()).unwrap();
    handle.send_error("down");
    assert!(assert_ready!(inner.poll_ready()).is_err());
}

#[tokio::test(start_paused = true)]
async fn other_carriers_read_the_same_headers() {
    let sent = request(&[("x-request-id", "job-1"), ("grpc-timeout", "1S")]);
    let cx = ContextLayer::new().read(sent.headers());
    assert_eq!(cx.request_id().unwrap().as_str(), "job-1");
    assert_eq!(cx.remaining(), Some(Duration::from_secs(1)));
}

#[tokio::test]
async fn a_body_that_is_followed_keeps_its_frames_and_its_size() {
    let check = async |response: Followed<Full<Bytes>>| {
        let mut body = response.into_body();
        assert_eq!(body.size_hint().exact(), Some(5));
        assert_eq!(
            body.frame().await.unwrap().unwrap().into_data().unwrap(),
            "hello"
        );
        assert!(body.is_end_stream());
    };
    assert_eq!(
        causes(Method::GET, Response::new(text()), check).await,
        (None, FINISHED)
    );
}
