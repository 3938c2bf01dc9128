//! What leaves comes back the same.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use ovasabi_core::error::Problem;
use ovasabi_core::{Code, Error};
use proptest::prelude::*;

/// The public half, to compare.
#[derive(Debug, PartialEq)]
struct Public {
    code: Code,
    reason: String,
    detail: String,
    status: StatusCode,
    retry_after: Option<Duration>,
    is_retryable: bool,
    violations: Vec<(String, String, String)>,
    facts: BTreeMap<String, String>,
}

fn public(error: &Error) -> Public {
    let violations = error.violations().iter();
    Public {
        code: error.code(),
        reason: error.reason().to_owned(),
        detail: error.public_detail().to_owned(),
        status: error.http_status(),
        retry_after: error.retry_delay(),
        is_retryable: error.is_retryable(),
        violations: violations
            .map(|v| (v.field.clone(), v.rule.clone(), v.detail.clone()))
            .collect(),
        facts: error
            .facts()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect(),
    }
}

fn code() -> impl Strategy<Value = Code> {
    prop::sample::select(Code::ALL.to_vec())
}

fn errors() -> impl Strategy<Value = Error> {
    let parts = (
        code(),
        "[a-z]{1,8}\\.[a-z_]{1,12}",
        prop::option::of(".{1,60}"),
        prop::option::of(400..600_u16),
        prop::option::of(any::<u32>()),
        prop::option::of(any::<bool>()),
        prop::collection::vec(("[a-z\\[\\]0-9.]{1,12}", "[a-z]{1,8}", ".{0,20}"), 0..4),
        prop::collection::btree_map("[a-z]{1,8}", ".{0,20}", 0..4),
    );
    parts.prop_map(
        |(code, reason, detail, status, millis, retryable, violations, facts)| {
            let mut error = Error::new(code, reason).caused_by("private");
            if let Some(detail) = detail {
                error = error.detail(detail);
            }
            if let Some(status) = status {
                error = error.with_http_status(StatusCode::from_u16(status).unwrap());
            }
            if let Some(millis) = millis {
                error = error.retry_after(Duration::from_millis(millis.into()));
            }
            if let Some(retryable) = retryable {
                error = error.retryable(retryable);
            }
            for (field, rule, detail) in violations {
                error = error.violation(field, rule, detail);
            }
            facts
                .into_iter()
                .fold(error, |error, (key, value)| error.metadata(key, value))
        },
    )
}

proptest! {
    #[test]
    fn a_problem_comes_back_as_it_left(error in errors()) {
        let json = error.to_problem(None).to_json();
        prop_assert_eq!(public(&Error::from(Problem::from_json(&json).unwrap())), public(&error));
    }

    #[test]
    fn an_http_answer_comes_back_as_it_left(error in errors()) {
        let answer: http::Response<Bytes> = error.to_response(None);
        let read = Error::from_response(answer.status(), answer.headers(), answer.body());
        prop_assert_eq!(public(&read), public(&error));
    }

    #[test]
    fn grpc_headers_bring_back_code_detail_and_delay(
        code in code(),
        detail in ".{1,80}",
        millis in prop::option::of(any::<u32>()),
        forbidden in any::<bool>(),
    ) {
        let mut error = Error::new(code, "upstream").detail(detail);
        if let Some(millis) = millis {
            error = error.retry_after(Duration::from_millis(millis.into()));
        }
        if forbidden {
            error = error.retryable(false);
        }
        let mut headers = HeaderMap::new();
        error.write_grpc_headers(&mut headers);
        let read = Error::from_grpc_headers(&headers).unwrap();
        prop_assert_eq!((read.code(), read.public_detail()), (code, error.public_detail()));
        prop_assert_eq!(read.is_retryable(), error.is_retryable());
        // One header says both, and "never" is the stronger word.
        prop_assert_eq!(read.retry_delay(), if forbidden { None } else { error.retry_delay() });
    }

    #[test]
    fn no_bytes_make_a_reader_panic(status in 100..1_000_u16, body in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/problem+json".parse().unwrap());
        if let Ok(value) = http::HeaderValue::from_bytes(&body) {
            for name in ["retry-after", "grpc-status", "grpc-message", "grpc-retry-pushback-ms"] {
                headers.insert(name, value.clone());
            }
        }
        let _ = Error::from_response(StatusCode::from_u16(status).unwrap(), &headers, &body);
        let _ = Error::from_grpc_headers(&headers);
    }
}

#[test]
fn ok_is_no_error_and_nonsense_is_an_unknown_one() {
    let read = |status: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status", status.parse().unwrap());
        Error::from_grpc_headers(&headers).map(|error| error.code())
    };
    assert_eq!((read("0"), read("5")), (None, Some(Code::NotFound)));
    assert_eq!(
        (read("17"), read("soon")),
        (Some(Code::Unknown), Some(Code::Unknown))
    );
    assert!(Error::from_grpc_headers(&HeaderMap::new()).is_none());
}

#[test]
fn a_pushback_that_is_no_number_forbids_a_retry() {
    for pushback in ["-1", "soon", ""] {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status", "14".parse().unwrap());
        headers.insert("grpc-retry-pushback-ms", pushback.parse().unwrap());
        assert!(
            !Error::from_grpc_headers(&headers).unwrap().is_retryable(),
            "{pushback:?}"
        );
    }
}

#[cfg(feature = "grpc")]
mod tonic_status {
    use super::*;

    proptest! {
        #[test]
        fn a_status_comes_back_as_it_left_over_the_wire(error in errors()) {
            let expected = public(&error);
            let mut headers = HeaderMap::new();
            tonic::Status::from(error).add_header(&mut headers).unwrap();
            let received = tonic::Status::from_header_map(&headers).unwrap();
            prop_assert_eq!(public(&Error::from(received)), expected);
        }
    }

    #[test]
    fn the_details_are_those_that_others_read() {
        use tonic_types::StatusExt;
        let error = Error::new(Code::InvalidArgument, "signup.invalid")
            .detail("two fields are wrong")
            .violation("email", "format", "must be an address")
            .retry_after(Duration::from_millis(1_500))
            .metadata("form", "signup");
        let status = tonic::Status::from(error);
        assert_eq!(
            (status.code(), status.message()),
            (tonic::Code::InvalidArgument, "two fields are wrong")
        );
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!(
            (info.reason.as_str(), info.metadata["form"].as_str()),
            ("signup.invalid", "signup")
        );
        assert_eq!(
            details.retry_info().unwrap().retry_delay,
            Some(Duration::from_millis(1_500))
        );
        let field = &details.bad_request().unwrap().field_violations[0];
        assert_eq!(
            (field.field.as_str(), field.reason.as_str()),
            ("email", "format")
        );
        assert_eq!(
            status.metadata().get("grpc-retry-pushback-ms").unwrap(),
            "1500"
        );
    }

    #[test]
    fn only_what_a_server_said_is_public() {
        let sent = || tonic::Status::not_found("no such row");
        // tonic wraps what it finds in a chain of errors, and keeps the chain as its source.
        let found = tonic::Status::from_error(Box::new(Error::internal(sent())));
        assert_eq!(Error::from(found).public_detail(), "no such row");
        let ours = tonic::Status::from(Error::new(Code::NotFound, "row").detail("no such row"));
        assert_eq!(Error::from(ours).public_detail(), "no such row");
        let local = tonic::Status::from_error("dns failed for db.internal".into());
        let error = Error::from(local);
        assert_ne!(error.public_detail(), "dns failed for db.internal");
        assert!(format!("{error:?}").contains("db.internal"));
    }

    #[test]
    fn a_status_cannot_ask_to_be_answered_as_a_success() {
        use std::collections::HashMap;
        use tonic_types::{ErrorDetails, StatusExt};
        for status in ["101", "200", "302", "999"] {
            let facts = HashMap::from([("ovasabi-http-status".to_owned(), status.to_owned())]);
            let details = ErrorDetails::with_error_info("x", "ovasabi", facts);
            let sent = tonic::Status::with_error_details(tonic::Code::NotFound, "", details);
            assert_eq!(Error::from(sent).http_status(), 404, "{status}");
        }
    }

    #[test]
    fn a_foreign_status_is_read_without_details() {
        let error = Error::from(tonic::Status::not_found("no such row"));
        assert_eq!(
            (error.code(), error.reason(), error.public_detail()),
            (Code::NotFound, "upstream", "no such row")
        );
        assert_eq!(Error::from(tonic::Status::ok("")).code(), Code::Unknown);
    }
}
