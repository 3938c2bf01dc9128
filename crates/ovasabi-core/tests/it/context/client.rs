//! The client side: what leaves, and what is refused.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};
use ovasabi_core::classify::{Class, Classify, Facts, HttpClassify};
use ovasabi_core::context::wire::{self, Baggage};
use ovasabi_core::context::{Cause, ContextClientLayer, ContextLayer, RequestId};
use ovasabi_core::reject::RejectKind;
use ovasabi_core::{Context, Rejection};
use proptest::prelude::*;
use tokio::time::advance;
use tower::{BoxError, ServiceExt, service_fn};

/// The headers that `layer` sends for a request.
async fn sent(layer: ContextClientLayer, request: Request<()>) -> Result<HeaderMap, Rejection> {
    let echo = service_fn(async |request: Request<()>| {
        Ok::<_, BoxError>(Response::new(request.headers().clone()))
    });
    let result = layer.wrap(echo).oneshot(request).await;
    result
        .map(Response::into_body)
        .map_err(|error| Rejection::find(&error).cloned().expect("a refusal of ours"))
}

fn plain() -> Request<()> {
    Request::new(())
}

fn grpc() -> Request<()> {
    Request::builder()
        .header(CONTENT_TYPE, "application/grpc")
        .body(())
        .unwrap()
}

fn with(mut request: Request<()>, name: &'static str, value: &'static str) -> Request<()> {
    request
        .headers_mut()
        .insert(name, HeaderValue::from_static(value));
    request
}

fn seconds(seconds: u64) -> Context {
    Context::background().with_timeout(Duration::from_secs(seconds))
}

#[tokio::test(start_paused = true)]
async fn what_is_left_leaves_in_the_header_of_the_protocol() {
    let cx = seconds(3);
    advance(Duration::from_millis(500)).await;
    let headers = sent(ContextClientLayer::new(), cx.attach(plain()))
        .await
        .unwrap();
    assert_eq!(headers[wire::X_REQUEST_TIMEOUT_MS], "2500");
    assert_eq!(headers.len(), 1);
    let headers = sent(ContextClientLayer::new(), cx.attach(grpc()))
        .await
        .unwrap();
    assert_eq!(headers[wire::GRPC_TIMEOUT], "2500000u");
    assert!(!headers.contains_key(wire::X_REQUEST_TIMEOUT_MS));
}

#[tokio::test(start_paused = true)]
async fn a_shorter_timeout_in_the_request_stays_and_a_longer_one_is_cut() {
    let timeout = async |said| {
        let request = with(plain(), "x-request-timeout-ms", said);
        sent(ContextClientLayer::new(), seconds(3).attach(request))
            .await
            .unwrap()[wire::X_REQUEST_TIMEOUT_MS]
            .clone()
    };
    assert_eq!(timeout("1000").await, "1000");
    assert_eq!(timeout("3001").await, "3000");
    assert_eq!(timeout("nonsense").await, "3000");
    let request = with(grpc(), "grpc-timeout", "1S");
    let headers = sent(ContextClientLayer::new(), seconds(3).attach(request))
        .await
        .unwrap();
    assert_eq!(headers[wire::GRPC_TIMEOUT], "1S");
}

#[tokio::test(start_paused = true)]
async fn the_transit_margin_is_kept_back() {
    let layer = || {
        ContextClientLayer::new()
            .name("billing")
            .transit_margin(Duration::from_millis(100))
    };
    let headers = sent(layer(), seconds(3).attach(plain())).await.unwrap();
    assert_eq!(headers[wire::X_REQUEST_TIMEOUT_MS], "2900");
    let short = Context::background().with_timeout(Duration::from_millis(100));
    let refused = sent(layer(), short.attach(plain())).await.unwrap_err();
    assert_eq!(
        (refused.kind(), refused.policy().as_str()),
        (RejectKind::DeadlineExceeded, "billing")
    );
}

#[tokio::test(start_paused = true)]
async fn a_context_that_is_done_is_refused_before_the_call() {
    let refused = async |cx: Context, request| {
        sent(ContextClientLayer::new(), cx.attach(request))
            .await
            .unwrap_err()
            .kind()
    };
    assert_eq!(
        refused(seconds(0), plain()).await,
        RejectKind::DeadlineExceeded
    );
    // Less than the header can say.
    let short = Context::background().with_timeout(Duration::from_micros(900));
    assert_eq!(
        refused(short.clone(), plain()).await,
        RejectKind::DeadlineExceeded
    );
    assert_eq!(
        sent(ContextClientLayer::new(), short.attach(grpc()))
            .await
            .unwrap()[wire::GRPC_TIMEOUT],
        "900000n"
    );
    let cancelled = seconds(3);
    cancelled.cancel(Cause::Disconnected);
    assert_eq!(refused(cancelled, plain()).await, RejectKind::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_may_be_a_response_and_is_never_an_upstream_failure() {
    let inner = service_fn(
        async |_: Request<()>| -> Result<Response<bytes::Bytes>, BoxError> {
            panic!("must not be called")
        },
    );
    let client = ContextClientLayer::new().responding().wrap(inner);
    let response = client
        .clone()
        .oneshot(seconds(0).attach(plain()))
        .await
        .unwrap();
    assert_eq!(response.status(), 504);
    assert_eq!(
        Rejection::of_response(&response).unwrap().kind(),
        RejectKind::DeadlineExceeded
    );
    let seen = Classify::<_, BoxError>::seen(&HttpClassify::new(), &Facts::new(), Ok(&response));
    assert_eq!(seen.verdict.class, Class::Ignored);
    let response = client.oneshot(seconds(0).attach(grpc())).await.unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            &response.headers()["grpc-status"]
        ),
        (200, &HeaderValue::from_static("4"))
    );
}

#[tokio::test]
async fn ids_and_traces_leave_where_the_request_has_none() {
    let received = with(
        plain(),
        "traceparent",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    );
    let received = with(
        with(received, "tracestate", "vendor=1"),
        "x-request-id",
        "order-7",
    );
    let cx = ContextLayer::new().read(received.headers());
    let headers = sent(ContextClientLayer::new(), cx.attach(plain()))
        .await
        .unwrap();
    assert_eq!(headers[wire::X_REQUEST_ID], "order-7");
    assert_eq!(
        headers[wire::TRACEPARENT],
        cx.trace().unwrap().to_traceparent()
    );
    assert_eq!(headers[wire::TRACESTATE], "vendor=1");

    let own = with(
        with(plain(), "traceparent", "by-hand"),
        "x-request-id",
        "mine",
    );
    let headers = sent(ContextClientLayer::new(), cx.attach(own))
        .await
        .unwrap();
    assert_eq!(
        (&headers[wire::X_REQUEST_ID], &headers[wire::TRACEPARENT]),
        (
            &HeaderValue::from_static("mine"),
            &HeaderValue::from_static("by-hand")
        )
    );
    assert!(!headers.contains_key(wire::TRACESTATE));
}

#[tokio::test]
async fn only_allowed_baggage_leaves() {
    let cx = Context::background().with(
        Baggage::new()
            .with("tier", "gold, or so")
            .with("secret", "x"),
    );
    let header = async |layer: ContextClientLayer, request| {
        sent(layer, request)
            .await
            .unwrap()
            .get(wire::BAGGAGE)
            .cloned()
    };
    let allowing = || ContextClientLayer::new().baggage(["tier", "plan"]);
    assert_eq!(
        header(allowing(), cx.attach(plain())).await.unwrap(),
        "tier=gold%2C%20or%20so"
    );
    assert_eq!(
        header(ContextClientLayer::new(), cx.attach(plain())).await,
        None
    );
    let by_hand = || with(plain(), "baggage", "plan=pro,other=1");
    assert_eq!(
        header(allowing(), cx.attach(by_hand())).await.unwrap(),
        "tier=gold%2C%20or%20so,plan=pro"
    );
    assert_eq!(header(allowing(), by_hand()).await.unwrap(), "plan=pro");
    assert_eq!(header(ContextClientLayer::new(), by_hand()).await, None);
}

#[tokio::test]
async fn the_attached_context_comes_before_the_current_one() {
    let named = |id: &'static str| {
        Context::background().with(RequestId::accept(&HeaderValue::from_static(id)).unwrap())
    };
    let id = async |request| {
        sent(ContextClientLayer::new(), request)
            .await
            .unwrap()
            .get(wire::X_REQUEST_ID)
            .cloned()
    };
    assert_eq!(id(plain()).await, None);
    named("current")
        .scope(async {
            assert_eq!(id(plain()).await.unwrap(), "current");
            assert_eq!(
                id(named("attached").attach(plain())).await.unwrap(),
                "attached"
            );
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn classifiers_see_the_deadline_of_either_context() {
    use ovasabi_core::classify::ReadRequest;
    let cx = seconds(3);
    let facts = |request: &Request<()>| HttpClassify::new().facts(request).deadline();
    assert_eq!(facts(&plain()), None);
    assert_eq!(facts(&cx.attach(plain())), cx.deadline());
    let current = cx
        .scope(async {
            (
                facts(&plain()),
                facts(&Context::background().attach(plain())),
            )
        })
        .await;
    assert_eq!(current, (cx.deadline(), None));
}

proptest! {
    #[test]
    fn no_hop_gets_more_time_than_the_one_before(
        left in 1_000_000..1_u64 << 60,
        said in prop::option::of(1..1_u64 << 50),
        is_grpc in any::<bool>(),
    ) {
        let cx = Context::background().with_timeout(Duration::from_nanos(left));
        let mut request = if is_grpc { grpc() } else { plain() };
        if let Some(said) = said.and_then(|said| wire::format_timeout_ms(Duration::from_nanos(said))) {
            request.headers_mut().insert(wire::X_REQUEST_TIMEOUT_MS, said);
        }
        let mut headers = request.headers().clone();
        if ContextClientLayer::new().write(&cx, &mut headers).is_ok() {
            let next = ContextLayer::new().read(&headers);
            prop_assert!(next.remaining().unwrap() <= Duration::from_nanos(left));
        }
    }
}

#[cfg(feature = "reqwest")]
#[tokio::test(start_paused = true)]
async fn reqwest_requests_carry_the_current_context() {
    let echo =
        service_fn(async |request: reqwest::Request| Ok::<_, BoxError>(request.headers().clone()));
    let client = ContextClientLayer::new().wrap(echo);
    let request = || reqwest::Request::new(http::Method::GET, "http://upstream/".parse().unwrap());
    assert!(client.clone().oneshot(request()).await.unwrap().is_empty());
    let headers = seconds(3)
        .scope(client.clone().oneshot(request()))
        .await
        .unwrap();
    assert_eq!(headers[wire::X_REQUEST_TIMEOUT_MS], "3000");
    let error = seconds(0)
        .scope(client.oneshot(request()))
        .await
        .unwrap_err();
    assert_eq!(
        Rejection::find(&error).unwrap().kind(),
        RejectKind::DeadlineExceeded
    );
}
