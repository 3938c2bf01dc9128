//! One reading of requests and results.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Request, Response};
use ovasabi_core::Rejection;
use ovasabi_core::classify::{
    ByResult, Class, Classify, EndClassify, Facts, GrpcClassify, HttpClassify, Priority,
    ReadRequest, Retry, Verdict,
};
use ovasabi_core::error::BoxError;
use ovasabi_core::reject::RejectKind;

fn response(status: u16, headers: &[(&'static str, &'static str)]) -> Response<()> {
    let builder = headers.iter().fold(
        Response::builder().status(status),
        |builder, (name, value)| builder.header(*name, *value),
    );
    builder.body(()).unwrap()
}

fn http(response: &Response<()>) -> Verdict {
    Classify::<_, BoxError>::seen(&HttpClassify::new(), &Facts::new(), Ok(response)).verdict
}

fn refusal() -> Rejection {
    Rejection::new(RejectKind::CircuitOpen, "breaker", "db")
}

#[test]
fn http_statuses_read_as_documented() {
    let table = [
        (200, Class::Success, Retry::No),
        (304, Class::Success, Retry::No),
        (400, Class::Success, Retry::No),
        (404, Class::Success, Retry::No),
        (408, Class::Success, Retry::IfIdempotent),
        (429, Class::Throttled, Retry::Safe),
        (499, Class::Success, Retry::No),
        (500, Class::Failure, Retry::No),
        (501, Class::Success, Retry::No),
        (502, Class::Failure, Retry::IfIdempotent),
        (503, Class::Failure, Retry::IfIdempotent),
        (504, Class::Failure, Retry::IfIdempotent),
        (505, Class::Success, Retry::No),
        (599, Class::Failure, Retry::No),
        (600, Class::Success, Retry::No),
    ];
    for (status, class, retry) in table {
        let verdict = http(&response(status, &[]));
        assert_eq!((verdict.class, verdict.retry), (class, retry), "{status}");
    }
}

#[test]
fn retry_after_is_a_hint_in_seconds_and_as_a_date() {
    let hint = |value| http(&response(503, &[("retry-after", value)])).retry_after;
    assert_eq!(hint("7"), Some(Duration::from_secs(7)));
    for odd in ["-1", "+1", "1.5", "", "tomorrow", "31 Dec 1999"] {
        assert_eq!(hint(odd), None, "{odd:?}");
    }
    // The server's own `Date` is what its other dates are measured from, however wrong its clock is.
    let between =
        |date, value| http(&response(503, &[("date", date), ("retry-after", value)])).retry_after;
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    for later in [
        "Sun, 06 Nov 1994 08:51:37 GMT",
        "Sunday, 06-Nov-94 08:51:37 GMT",
        "Sun Nov  6 08:51:37 1994",
    ] {
        assert_eq!(between(date, later), Some(Duration::from_secs(120)));
    }
    assert_eq!(between(date, date), Some(Duration::ZERO));
    assert_eq!(
        between(date, "Sun, 06 Nov 1994 08:00:00 GMT"),
        Some(Duration::ZERO)
    );
    // Without one it is the date of this machine.
    assert_eq!(hint("Fri, 31 Dec 1999 23:59:59 GMT"), Some(Duration::ZERO));
    let far = hint("Fri, 31 Dec 9999 23:59:59 GMT").unwrap();
    assert!(far > Duration::from_secs(3_600));
}

#[test]
fn our_own_refusals_are_ignored_by_every_classifier() {
    let error = BoxError::from(refusal());
    let mut marked = response(503, &[("grpc-status", "14")]);
    marked.extensions_mut().insert(refusal());
    let facts = Facts::new();
    let ignored = |verdict: Verdict| (verdict.class, verdict.retry) == (Class::Ignored, Retry::No);
    assert!(ignored(http(&marked)));
    let grpc = GrpcClassify::new();
    assert!(ignored(
        Classify::<_, BoxError>::seen(&grpc, &facts, Ok(&marked)).verdict
    ));
    assert!(ignored(
        Classify::<Response<()>, _>::seen(&grpc, &facts, Err(&error)).verdict
    ));
    assert!(ignored(
        Classify::<Response<()>, _>::seen(&HttpClassify::new(), &facts, Err(&error)).verdict
    ));
    assert!(ignored(
        Classify::<(), _>::seen(&ByResult::new(), &facts, Err(&error)).verdict
    ));
}

#[test]
fn a_service_that_was_too_slow_for_a_layer_of_ours_has_failed() {
    let slow = Rejection::new(RejectKind::TimedOut, "deadline", "db");
    let error = BoxError::from(slow.clone());
    let mut marked = response(504, &[]);
    marked.extensions_mut().insert(slow);
    let facts = Facts::new();
    let failed =
        |verdict: Verdict| (verdict.class, verdict.retry) == (Class::Failure, Retry::IfIdempotent);
    assert!(failed(http(&marked)));
    let grpc = GrpcClassify::new();
    assert!(failed(
        Classify::<_, BoxError>::seen(&grpc, &facts, Ok(&marked)).verdict
    ));
    assert!(failed(
        Classify::<Response<()>, _>::seen(&grpc, &facts, Err(&error)).verdict
    ));
    assert!(failed(
        Classify::<Response<()>, _>::seen(&HttpClassify::new(), &facts, Err(&error)).verdict
    ));
    assert!(failed(
        Classify::<(), _>::seen(&ByResult::new(), &facts, Err(&error)).verdict
    ));
}

#[test]
fn the_end_of_an_http_body_keeps_the_verdict_unless_it_breaks() {
    let ends = |response: &Response<()>| {
        let end =
            Classify::<_, BoxError>::seen(&HttpClassify::new(), &Facts::new(), Ok(response)).end;
        (end.at_end(None), end.at_error())
    };
    assert_eq!(ends(&response(200, &[])), (Class::Success, Class::Failure));
    assert_eq!(ends(&response(500, &[])), (Class::Failure, Class::Failure));
    let mut marked = response(503, &[]);
    marked.extensions_mut().insert(refusal());
    assert_eq!(ends(&marked), (Class::Ignored, Class::Ignored));
}

const GRPC: [(&str, Class, Retry); 18] = [
    ("0", Class::Success, Retry::No),
    ("1", Class::Ignored, Retry::No),
    ("2", Class::Failure, Retry::No),
    ("3", Class::Success, Retry::No),
    ("4", Class::Failure, Retry::No),
    ("5", Class::Success, Retry::No),
    ("6", Class::Success, Retry::No),
    ("7", Class::Success, Retry::No),
    ("8", Class::Throttled, Retry::No),
    ("9", Class::Success, Retry::No),
    ("10", Class::Success, Retry::No),
    ("11", Class::Success, Retry::No),
    ("12", Class::Success, Retry::No),
    ("13", Class::Failure, Retry::No),
    ("14", Class::Failure, Retry::IfIdempotent),
    ("15", Class::Failure, Retry::No),
    ("16", Class::Success, Retry::No),
    ("nonsense", Class::Failure, Retry::No),
];

#[test]
fn grpc_statuses_read_as_documented_in_heads_and_trailers() {
    let streaming =
        Classify::<_, BoxError>::seen(&GrpcClassify::new(), &Facts::new(), Ok(&response(200, &[])));
    assert_eq!(streaming.verdict.class, Class::Ignored);
    for (status, class, retry) in GRPC {
        let head = response(200, &[("grpc-status", status)]);
        let verdict =
            Classify::<_, BoxError>::seen(&GrpcClassify::new(), &Facts::new(), Ok(&head)).verdict;
        assert_eq!((verdict.class, verdict.retry), (class, retry), "{status}");
        let trailers = HeaderMap::from_iter([(
            "grpc-status".parse().unwrap(),
            HeaderValue::from_static(status),
        )]);
        assert_eq!(streaming.end.at_end(Some(&trailers)), class, "{status}");
    }
    assert_eq!(streaming.end.at_end(None), Class::Failure);
    assert_eq!(
        streaming.end.at_end(Some(&HeaderMap::new())),
        Class::Failure
    );
    assert_eq!(streaming.end.at_error(), Class::Failure);
}

#[test]
fn grpc_pushback_allows_and_forbids_retries() {
    let verdict = |status, pushback| {
        let head = response(
            200,
            &[
                ("grpc-status", status),
                ("grpc-retry-pushback-ms", pushback),
            ],
        );
        Classify::<_, BoxError>::seen(&GrpcClassify::new(), &Facts::new(), Ok(&head)).verdict
    };
    let allowed = verdict("8", "250");
    assert_eq!(
        (allowed.retry, allowed.retry_after),
        (Retry::Safe, Some(Duration::from_millis(250)))
    );
    assert_eq!(verdict("14", "-1").retry, Retry::No);
    assert_eq!(verdict("8", "-1").retry, Retry::No);
}

#[test]
fn a_proxy_that_answers_for_a_grpc_service_counts_by_its_status() {
    let class = |status| {
        Classify::<_, BoxError>::seen(
            &GrpcClassify::new(),
            &Facts::new(),
            Ok(&response(status, &[])),
        )
        .verdict
        .class
    };
    assert_eq!(
        (class(503), class(404), class(429)),
        (Class::Failure, Class::Success, Class::Throttled)
    );
    // A redirect is nothing that a gRPC client can use.
    assert_eq!((class(302), class(100)), (Class::Failure, Class::Failure));
}

#[test]
fn a_proxy_is_read_the_same_by_http_and_grpc() {
    for status in 400..600 {
        let answer = response(status, &[("retry-after", "3")]);
        let grpc =
            Classify::<_, BoxError>::seen(&GrpcClassify::new(), &Facts::new(), Ok(&answer)).verdict;
        assert_eq!(grpc, http(&answer), "{status}");
    }
}

#[test]
fn transport_errors_are_failures_that_idempotent_calls_may_repeat() {
    let error = BoxError::from("connection reset");
    let facts = Facts::new();
    for verdict in [
        Classify::<Response<()>, _>::seen(&HttpClassify::new(), &facts, Err(&error)).verdict,
        Classify::<Response<()>, _>::seen(&GrpcClassify::new(), &facts, Err(&error)).verdict,
        Classify::<(), _>::seen(&ByResult::new(), &facts, Err(&error)).verdict,
    ] {
        assert_eq!(
            (verdict.class, verdict.retry),
            (Class::Failure, Retry::IfIdempotent)
        );
    }
}

#[test]
fn requests_are_read_by_their_heads() {
    let facts = |method: Method, headers: &[(&'static str, &'static str)]| {
        let builder = headers
            .iter()
            .fold(Request::builder().method(method), |b, (name, value)| {
                b.header(*name, *value)
            });
        HttpClassify::new().facts(&builder.body(()).unwrap())
    };
    assert!(facts(Method::GET, &[]).is_idempotent());
    assert!(!facts(Method::POST, &[]).is_idempotent());
    assert!(facts(Method::POST, &[("idempotency-key", "1")]).is_idempotent());
    assert!(facts(Method::HEAD, &[]).is_head_only());
    assert!(facts(Method::POST, &[("content-type", "application/grpc+proto")]).is_grpc());
    assert!(!facts(Method::POST, &[("content-type", "application/grpc-web")]).is_grpc());
    let unknown = facts(Method::POST, &[]);
    assert_eq!(
        (unknown.priority(), unknown.cost().get(), unknown.deadline()),
        (Priority::Normal, 1, None)
    );
    assert_eq!(
        ReadRequest::<str>::facts(&ByResult::new(), "anything"),
        Facts::new()
    );
}

#[test]
fn a_verdict_says_which_refusal_it_is_about() {
    for (kind, class) in [
        (RejectKind::CircuitOpen, Class::Ignored),
        (RejectKind::TimedOut, Class::Failure),
    ] {
        let refusal = Rejection::new(kind, "layer", "policy");
        let answer = refusal.clone().into_http::<bytes::Bytes>().map(drop);
        let error: BoxError = refusal.into();
        let by_result = Classify::<(), _>::seen(&ByResult::new(), &Facts::new(), Err(&error));
        for verdict in [http(&answer), by_result.verdict] {
            assert_eq!((verdict.rejected, verdict.class), (Some(kind), class));
        }
    }
    assert_eq!(http(&response(503, &[])).rejected, None);
}
