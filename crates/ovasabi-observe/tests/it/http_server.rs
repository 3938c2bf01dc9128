//! One request, one end.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt, Empty, Full};
use ovasabi_core::Context;
use ovasabi_core::backoff::Random;
use ovasabi_core::context::RequestId;
use ovasabi_core::time::Clock;
use ovasabi_observe::Telemetry;
use ovasabi_observe::http::{ObservedBody, RouteTemplate};
use tower::{Layer, ServiceExt, service_fn};

use crate::sink::capture;

type Stream = Channel<Bytes, std::io::Error>;

fn telemetry() -> Telemetry {
    Telemetry::builder("t").without_logs().install().unwrap()
}

fn active(telemetry: &Telemetry) -> i64 {
    let page = telemetry.prometheus_text();
    let line = page
        .lines()
        .find(|line| line.starts_with("http_server_active_requests "))
        .unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// The labels and the number of all requests that have ended.
fn ended(telemetry: &Telemetry) -> Vec<String> {
    let page = telemetry.prometheus_text();
    let prefix = "http_server_request_duration_seconds_count";
    page.lines()
        .filter_map(|line| line.strip_prefix(prefix))
        .map(str::to_owned)
        .collect()
}

/// One observed response whose body is written by the test.
async fn streaming(telemetry: &Telemetry) -> (Sender<Bytes, std::io::Error>, ObservedBody<Stream>) {
    let (sender, body) = Channel::new(4);
    let body = Arc::new(Mutex::new(Some(body)));
    let service = telemetry
        .http_server()
        .layer(service_fn(move |_: Request<()>| {
            let body = body.lock().unwrap().take().unwrap();
            async { Ok::<_, Infallible>(Response::new(body)) }
        }));
    let response = service.oneshot(Request::new(())).await.unwrap();
    (sender, response.into_body())
}

#[tokio::test]
async fn a_request_ends_at_its_last_byte() {
    let telemetry = telemetry();
    let (mut sender, mut body) = streaming(&telemetry).await;
    sender.send_data(Bytes::from("a")).await.unwrap();
    body.frame().await.unwrap().unwrap();
    assert_eq!((active(&telemetry), ended(&telemetry).len()), (1, 0));
    drop(sender);
    assert!(body.frame().await.is_none());
    assert_eq!(active(&telemetry), 0);
    assert_eq!(
        ended(&telemetry),
        ["{http_request_method=\"GET\",http_response_status_code=\"200\"} 1"]
    );
    drop(body);
    assert_eq!((active(&telemetry), ended(&telemetry).len()), (0, 1));
}

/// What is counted for a streamed response that a server drops after `frames` of its frames.
async fn dropped_after(frames: &[&'static str], head: fn(&mut Response<Stream>)) -> String {
    let telemetry = telemetry();
    let (mut sender, body) = Channel::new(4);
    let body = Arc::new(Mutex::new(Some(body)));
    let service = telemetry
        .http_server()
        .layer(service_fn(move |_: Request<()>| {
            let mut response = Response::new(body.lock().unwrap().take().unwrap());
            head(&mut response);
            async { Ok::<_, Infallible>(response) }
        }));
    let response = service.oneshot(Request::new(())).await.unwrap();
    let mut body = response.into_body();
    for frame in frames {
        sender.send_data(Bytes::from(*frame)).await.unwrap();
        body.frame().await.unwrap().unwrap();
    }
    drop(body);
    assert_eq!(active(&telemetry), 0);
    ended(&telemetry).concat()
}

/// hyper asks a body of a known length for nothing after its last byte, and drops it.
#[tokio::test]
async fn a_body_dropped_at_its_promised_length_is_complete() {
    let promise = |response: &mut Response<Stream>| {
        response
            .headers_mut()
            .insert("content-length", http::HeaderValue::from_static("5"));
    };
    let whole = dropped_after(&["abc", "de"], promise).await;
    assert!(!whole.contains("error_type"), "{whole}");
    let short = dropped_after(&["abc"], promise).await;
    assert!(short.contains("error_type=\"cancelled\""), "{short}");
}

#[tokio::test]
async fn a_response_that_has_no_body_is_complete_unread() {
    for head in [
        (|response| *response.status_mut() = http::StatusCode::NO_CONTENT)
            as fn(&mut Response<Stream>),
        |response| *response.status_mut() = http::StatusCode::NOT_MODIFIED,
        |response| {
            let nothing = http::HeaderValue::from_static("0");
            response.headers_mut().insert("content-length", nothing);
        },
    ] {
        let series = dropped_after(&[], head).await;
        assert!(!series.contains("error_type"), "{series}");
    }
}

#[tokio::test]
async fn trailers_are_an_end() {
    let telemetry = telemetry();
    let (mut sender, mut body) = streaming(&telemetry).await;
    sender.send_trailers(HeaderMap::new()).await.unwrap();
    body.frame().await.unwrap().unwrap();
    assert_eq!(active(&telemetry), 0);
}

#[tokio::test]
async fn a_caller_that_hangs_up_mid_body_counts_as_cancelled() {
    let telemetry = telemetry();
    let (_sender, body) = streaming(&telemetry).await;
    drop(body);
    assert_eq!(active(&telemetry), 0);
    assert!(ended(&telemetry)[0].contains("error_type=\"cancelled\""));
}

#[tokio::test]
async fn a_body_that_breaks_is_told_apart() {
    let telemetry = telemetry();
    let (sender, mut body) = streaming(&telemetry).await;
    sender.abort(std::io::Error::other("broken"));
    assert!(body.frame().await.unwrap().is_err());
    assert!(ended(&telemetry)[0].contains("error_type=\"body_error\""));
}

#[tokio::test]
async fn a_caller_that_hangs_up_before_the_head_counts_as_cancelled() {
    let telemetry = telemetry();
    let service = telemetry.http_server().layer(service_fn(|_: Request<()>| {
        std::future::pending::<Result<Response<Empty<Bytes>>, Infallible>>()
    }));
    let mut call = tokio_test::task::spawn(service.oneshot(Request::new(())));
    assert!(call.poll().is_pending());
    assert_eq!(active(&telemetry), 1);
    drop(call);
    assert_eq!(active(&telemetry), 0);
    assert_eq!(
        ended(&telemetry),
        ["{http_request_method=\"GET\",error_type=\"cancelled\"} 1"]
    );
}

#[tokio::test]
async fn an_error_of_the_service_is_counted_and_passed_on() {
    let telemetry = telemetry();
    let service = telemetry
        .http_server()
        .layer(service_fn(|_: Request<()>| async {
            Err::<Response<Empty<Bytes>>, _>(std::io::Error::other("down"))
        }));
    assert_eq!(
        service
            .oneshot(Request::new(()))
            .await
            .unwrap_err()
            .to_string(),
        "down"
    );
    assert_eq!(active(&telemetry), 0);
    assert!(ended(&telemetry)[0].contains("error_type=\"service_error\""));
}

#[tokio::test]
async fn the_unread_answer_to_head_is_complete() {
    let telemetry = telemetry();
    let service = telemetry
        .http_server()
        .layer(service_fn(|_: Request<()>| async {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("never sent"))))
        }));
    let request = Request::head("/").body(()).unwrap();
    drop(service.oneshot(request).await.unwrap());
    assert!(!ended(&telemetry)[0].contains("error_type"));
}

#[tokio::test]
async fn a_panic_leaves_the_gauge_balanced_and_is_told_apart() {
    let telemetry = telemetry();
    let service = telemetry
        .http_server()
        .layer(service_fn(|_: Request<()>| async {
            if true {
                panic!("handler");
            }
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }));
    assert!(
        tokio::spawn(service.oneshot(Request::new(())))
            .await
            .unwrap_err()
            .is_panic()
    );
    assert_eq!(active(&telemetry), 0);
    assert!(ended(&telemetry)[0].contains("error_type=\"panic\""));
}

#[tokio::test]
async fn the_route_is_the_template_of_axum_and_never_the_path() {
    let telemetry = telemetry();
    let app = Router::new()
        .route("/wallets/{id}", get(|| async { "ok" }))
        .layer(telemetry.http_server());
    for id in ["1", "2"] {
        let request = Request::get(format!("/wallets/{id}?token=x"))
            .body(axum::body::Body::empty())
            .unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    let series = ended(&telemetry);
    assert_eq!(series.len(), 1, "{series:?}");
    assert!(series[0].contains("http_route=\"/wallets/{id}\"") && series[0].ends_with(" 2"));
}

#[tokio::test]
async fn a_gateway_names_the_route_in_its_response() {
    let telemetry = telemetry();
    let service = telemetry
        .http_server()
        .layer(service_fn(|_: Request<()>| async {
            let mut response = Response::new(Empty::<Bytes>::new());
            response
                .extensions_mut()
                .insert(RouteTemplate::from_static("/v1/{*rest}"));
            Ok::<_, Infallible>(response)
        }));
    service.oneshot(Request::new(())).await.unwrap();
    assert!(ended(&telemetry)[0].contains("http_route=\"/v1/{*rest}\""));
}

#[tokio::test]
async fn unknown_methods_and_too_many_routes_do_not_grow_the_page() {
    let telemetry = telemetry();
    for number in 0..3_000 {
        let service = telemetry
            .http_server()
            .layer(service_fn(|_: Request<()>| async {
                Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
            }));
        let mut request = Request::builder()
            .method(format!("M{number}").as_str())
            .body(())
            .unwrap();
        request
            .extensions_mut()
            .insert(RouteTemplate::new(format!("/{number}")));
        service.oneshot(request).await.unwrap();
    }
    let series = ended(&telemetry);
    assert_eq!(series.len(), 2_001);
    assert!(series.iter().all(|line| line.contains("_OTHER")));
    assert!(
        series
            .iter()
            .any(|line| line.contains("_overflow") && line.ends_with(" 1000"))
    );
}

#[tokio::test]
async fn durations_reach_to_the_last_byte() {
    let (clock, hand) = Clock::manual();
    let telemetry = Telemetry::builder("t")
        .without_logs()
        .clock(clock)
        .install()
        .unwrap();
    let (sender, mut body) = streaming(&telemetry).await;
    hand.advance(Duration::from_millis(506));
    drop(sender);
    assert!(body.frame().await.is_none());
    let page = telemetry.prometheus_text();
    assert!(
        page.contains(
            "_sum{http_request_method=\"GET\",http_response_status_code=\"200\"} 0.506\n"
        ),
        "{page}"
    );
    assert!(page.contains("le=\"0.5\"} 0\n") && page.contains("le=\"0.75\"} 1\n"));
}

#[tokio::test]
async fn the_access_log_has_ids_and_no_query() {
    let (telemetry, sink, _guard) = capture(Telemetry::builder("t"));
    let id = RequestId::generate(&Random::seeded(1));
    let service = telemetry
        .http_server()
        .layer(service_fn(|_: Request<()>| async {
            tracing::info!("in the handler");
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("12345"))))
        }));
    let request = Request::get("/login?password=hunter2").body(()).unwrap();
    let request = Context::background().with(id.clone()).attach(request);
    let response = service.oneshot(request).await.unwrap();
    response.into_body().collect().await.unwrap();
    let lines = sink.lines();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|line| line["request_id"] == id.as_str()));
    assert_eq!(lines[1]["target"], "ovasabi::access");
    assert_eq!(
        (&lines[1]["path"], &lines[1]["status"], &lines[1]["bytes"]),
        (&"/login".into(), &200.into(), &5.into())
    );
    assert_eq!(lines[1]["ended"], "complete");
    assert!(!sink.text().contains("hunter2"));
}

/// With a filter that has no room for the span, the line still tells which request it was.
#[tokio::test]
async fn the_access_log_needs_no_span() {
    let filter = "warn,ovasabi::access=info";
    let (telemetry, sink, _guard) = capture(Telemetry::builder("t").log_filter(filter));
    let id = RequestId::generate(&Random::seeded(1));
    let service = telemetry
        .http_server()
        .layer(service_fn(|_: Request<()>| async {
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }));
    let request = Context::background()
        .with(id.clone())
        .attach(Request::new(()));
    service.oneshot(request).await.unwrap();
    let lines = sink.lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["request_id"], id.as_str());
    assert_eq!(
        (&lines[0]["method"], &lines[0]["status"]),
        (&"GET".into(), &200.into())
    );
}

#[test]
fn public_types_go_everywhere() {
    fn check<T: Clone + Send + Sync + std::fmt::Debug>() {}
    check::<Telemetry>();
    check::<ovasabi_observe::HttpServerLayer>();
    check::<ovasabi_observe::http::HttpServerService<()>>();
    check::<ovasabi_observe::metrics::MetricsService>();
    check::<ovasabi_observe::metrics::HttpMetrics>();
}
