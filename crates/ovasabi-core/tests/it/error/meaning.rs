//! What an error says.

use std::error::Error as _;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use ovasabi_core::context::Cause;
use ovasabi_core::error::Problem;
use ovasabi_core::{Code, Error};

#[test]
fn an_error_is_one_word_wide() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
}

#[test]
fn every_code_has_a_number_a_name_and_a_status() {
    let statuses = [
        499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
    ];
    for ((code, number), status) in Code::ALL.into_iter().zip(1..).zip(statuses) {
        assert_eq!(Code::from_number(number), Some(code));
        assert_eq!(u32::from(code.number()), number);
        assert_eq!(Code::from_name(code.name()), Some(code));
        assert_eq!(code.http_status().as_u16(), status, "{code}");
    }
    assert_eq!(
        (
            Code::from_number(0),
            Code::from_number(17),
            Code::from_name("OK")
        ),
        (None, None, None)
    );
}

#[test]
fn a_status_that_stands_for_one_code_is_read_as_that_code() {
    for code in [
        Code::Cancelled,
        Code::DeadlineExceeded,
        Code::NotFound,
        Code::PermissionDenied,
        Code::ResourceExhausted,
        Code::Unimplemented,
        Code::Unavailable,
        Code::Unauthenticated,
        Code::Internal,
    ] {
        assert_eq!(Code::from_http_status(code.http_status()), code);
    }
    let read = |status| Code::from_http_status(StatusCode::from_u16(status).unwrap());
    assert_eq!(
        (read(418), read(502), read(408)),
        (
            Code::InvalidArgument,
            Code::Unavailable,
            Code::DeadlineExceeded
        )
    );
    assert_eq!((read(599), read(302)), (Code::Internal, Code::Unknown));
}

#[test]
fn violations_make_an_invalid_argument_a_422() {
    let plain = Error::new(Code::InvalidArgument, "signup.invalid");
    assert_eq!(plain.http_status(), 400);
    assert_eq!(
        plain
            .violation("email", "format", "must be an address")
            .http_status(),
        422
    );
    let stated =
        Error::new(Code::InvalidArgument, "x").with_http_status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(stated.violation("a", "b", "c").http_status(), 415);
}

#[test]
fn what_may_be_tried_again_follows_the_code_unless_it_is_said() {
    let retryable: Vec<_> = Code::ALL
        .into_iter()
        .filter(|code| Error::new(*code, "x").is_retryable())
        .collect();
    assert_eq!(
        retryable,
        [Code::ResourceExhausted, Code::Aborted, Code::Unavailable]
    );
    assert!(
        Error::new(Code::Internal, "x")
            .retryable(true)
            .is_retryable()
    );
    assert!(
        !Error::new(Code::Unavailable, "x")
            .retryable(false)
            .is_retryable()
    );
}

#[test]
fn retry_after_is_rounded_up_and_at_least_one_second() {
    let header = |delay| {
        let error = Error::new(Code::Unavailable, "x").retry_after(delay);
        error.to_response::<Bytes>(None).headers()["retry-after"].clone()
    };
    assert_eq!(header(Duration::ZERO), "1");
    assert_eq!(header(Duration::from_secs(2)), "2");
    assert_eq!(header(Duration::from_nanos(2_000_000_001)), "3");
    assert_eq!(header(Duration::MAX), u64::MAX.to_string());
}

#[test]
fn an_answer_is_a_problem_that_nobody_stores() {
    let error = Error::new(Code::NotFound, "wallet.unknown")
        .detail("no such wallet")
        .metadata("wallet", 7);
    let answer: http::Response<Bytes> = error.to_response(Some("/v1/wallets/7"));
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    let expected = serde_json::json!({
        "type": "about:blank", "title": "Not Found", "status": 404, "detail": "no such wallet",
        "instance": "/v1/wallets/7", "code": "NOT_FOUND", "reason": "wallet.unknown", "metadata": {"wallet": "7"},
    });
    assert_eq!(body, expected);
}

#[test]
fn an_answer_may_carry_its_error_for_the_log() {
    let error = Error::new(Code::Internal, "x").caused_by("disk gone");
    let answer: http::Response<Bytes> = error.into_http(None);
    let carried = Error::of_response(&answer).unwrap();
    assert_eq!(carried.source().unwrap().to_string(), "disk gone");
    let bare: http::Response<Bytes> = Error::new(Code::Internal, "x").to_response(None);
    assert!(Error::of_response(&bare).is_none());
}

fn read(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Error {
    let pairs = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
    Error::from_response(
        StatusCode::from_u16(status).unwrap(),
        &pairs.collect::<HeaderMap>(),
        body.as_bytes(),
    )
}

const PROBLEM: (&str, &str) = ("content-type", "Application/Problem+JSON; charset=utf-8");

#[test]
fn a_foreign_answer_is_read_by_its_status() {
    let error = read(503, &[("retry-after", "7")], "<html>down</html>");
    assert_eq!(
        (error.code(), error.reason(), error.http_status().as_u16()),
        (Code::Unavailable, "upstream", 503)
    );
    assert_eq!(error.retry_delay(), Some(Duration::from_secs(7)));
    assert!(!error.to_string().contains("html"));
    assert_eq!(read(418, &[], "").http_status(), 418);
    assert_eq!(
        read(503, &[("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")], "").retry_delay(),
        Some(Duration::ZERO)
    );
    assert_eq!(read(503, &[("retry-after", "+7")], "").retry_delay(), None);
}

#[test]
fn a_status_without_a_name_is_called_as_its_class() {
    let title = |status| {
        let status = StatusCode::from_u16(status).unwrap();
        let error = Error::new(Code::Internal, "x").with_http_status(status);
        error.to_problem(None).title
    };
    assert_eq!(title(404), "Not Found");
    assert_eq!(title(499), "Client Closed Request");
    // RFC 9110 section 15: what is not known is taken for the x00 of its class.
    assert_eq!(title(430), "Bad Request");
    assert_eq!(title(520), "Internal Server Error");
}

#[test]
fn no_upstream_makes_an_error_look_like_a_success() {
    for status in [100, 101, 200, 204, 302, 304, 600, 999] {
        let by_member = Problem::from_json(
            format!(r#"{{"status": {status}, "code": "UNAVAILABLE"}}"#).as_bytes(),
        );
        assert_eq!(
            Error::from(by_member.unwrap()).http_status(),
            503,
            "{status}"
        );
        let by_line = read(status, &[PROBLEM], r#"{"code": "NOT_FOUND"}"#);
        assert_eq!(by_line.http_status(), 404, "{status}");
        assert_eq!(read(status, &[], "").http_status(), 500, "{status}");
    }
}

#[test]
fn members_of_another_type_are_left_out_and_the_rest_is_read() {
    // RFC 9457 section 3.1: a member whose type is not the specified one counts as not there.
    let error = read(
        404,
        &[PROBLEM],
        r#"{"type": 7, "title": null, "status": "404", "detail": "no such wallet", "instance": {}, "code": 1234,
            "reason": ["x"], "violations": {"id": "bad"}, "retry_after_ms": "soon", "retryable": "maybe", "metadata": 1}"#,
    );
    assert_eq!(
        (error.code(), error.reason(), error.public_detail()),
        (Code::NotFound, "upstream", "no such wallet")
    );
    assert_eq!((error.violations().len(), error.retry_delay()), (0, None));

    let error = read(
        422,
        &[PROBLEM],
        r#"{"violations": [{"field": "id", "message": "bad"}, 7, {"field": "name", "rule": "length"}], "metadata": {"limit": 20, "unit": "s"}}"#,
    );
    let fields: Vec<_> = error.violations().iter().map(|v| &*v.field).collect();
    assert_eq!(fields, ["id", "name"]);
    assert_eq!(error.facts().collect::<Vec<_>>(), [("unit", "s")]);
}

#[test]
fn the_status_line_stands_over_the_member() {
    let error = read(
        404,
        &[PROBLEM],
        r#"{"status": 200, "detail": "gone fishing"}"#,
    );
    assert_eq!(
        (error.code(), error.public_detail()),
        (Code::NotFound, "gone fishing")
    );
    let finer = read(
        429,
        &[PROBLEM, ("retry-after", "2")],
        r#"{"retry_after_ms": 1200}"#,
    );
    assert_eq!(finer.retry_delay(), Some(Duration::from_millis(1_200)));
    assert_eq!(
        read(429, &[PROBLEM], "not json").code(),
        Code::ResourceExhausted
    );
}

#[test]
fn a_problem_without_a_status_keeps_its_code() {
    let problem = Problem::from_json(br#"{"code": "NOT_FOUND", "unknown": 1}"#).unwrap();
    assert_eq!(Error::from(problem).http_status(), 404);
    assert_eq!(
        Error::from(Problem::from_json(b"{}").unwrap()).code(),
        Code::Unknown
    );
    assert!(Problem::from_json(b"[]").is_err());
}

#[test]
fn a_cause_becomes_an_error_that_says_which() {
    let all = [
        (Cause::Cancelled, Code::Cancelled, "context.cancelled"),
        (
            Cause::DeadlineExceeded,
            Code::DeadlineExceeded,
            "context.deadline_exceeded",
        ),
        (Cause::Disconnected, Code::Cancelled, "context.disconnected"),
        (Cause::Finished, Code::Cancelled, "context.finished"),
        (Cause::Shutdown, Code::Unavailable, "context.shutdown"),
        (
            Cause::Other("words".into()),
            Code::Cancelled,
            "context.stopped",
        ),
    ];
    for (cause, code, reason) in all {
        let error = Error::from(cause);
        assert_eq!((error.code(), error.reason()), (code, reason));
    }
}

#[test]
fn debug_shows_the_whole_chain_and_display_none_of_it() {
    let inner = Error::new(Code::Internal, "inner").caused_by("deepest");
    let outer = Error::new(Code::Unavailable, "outer")
        .detail("later")
        .caused_by(inner);
    assert_eq!(outer.to_string(), "outer: later");
    let debug = format!("{outer:?}");
    assert!(
        debug.contains("inner") && debug.contains("deepest"),
        "{debug}"
    );
}
