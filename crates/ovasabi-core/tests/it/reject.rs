//! Refusals: how they are said, and how they are recognised.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use ovasabi_core::classify::{ByResult, Class, Classify, Facts, Retry};
use ovasabi_core::error::BoxError;
use ovasabi_core::reject::{AsError, AsGrpc, AsResponse, Name, Reject, RejectKind};
use ovasabi_core::{Code, Error, Rejection};

fn refusal() -> Rejection {
    Rejection::new(RejectKind::RateLimited, "rate_limit", "signup")
        .retry_after(Duration::from_millis(1_200))
}

const KINDS: [(RejectKind, u16, &str); 11] = [
    (RejectKind::CircuitOpen, 503, "14"),
    (RejectKind::ProbesTaken, 503, "14"),
    (RejectKind::RateLimited, 429, "8"),
    (RejectKind::CostTooHigh, 429, "8"),
    (RejectKind::AtCapacity, 503, "14"),
    (RejectKind::QueueTimeout, 503, "14"),
    (RejectKind::DeadlineExceeded, 504, "4"),
    (RejectKind::TimedOut, 504, "4"),
    (RejectKind::Shed, 503, "14"),
    (RejectKind::NoEndpoint, 503, "14"),
    (RejectKind::Cancelled, 499, "1"),
];

#[test]
fn every_kind_has_its_status_in_both_protocols() {
    for (kind, http, grpc) in KINDS {
        let refused = || Rejection::new(kind, "layer", "policy");
        let answer: Response<Bytes> = AsResponse
            .reject(&Facts::new(), refused())
            .unwrap_or_else(|(): ()| unreachable!());
        assert_eq!(answer.status().as_u16(), http, "{kind:?}");
        let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(body["reason"], kind.label());
        let answer: Response<Bytes> = AsGrpc
            .reject(&Facts::new(), refused())
            .unwrap_or_else(|(): ()| unreachable!());
        assert_eq!(
            (
                answer.status().as_u16(),
                answer.headers()["grpc-status"].to_str().unwrap()
            ),
            (200, grpc)
        );
    }
}

fn answered(strategy: &impl Reject<Response<Bytes>, BoxError>, facts: Facts) -> Response<Bytes> {
    strategy.reject(&facts, refusal()).unwrap()
}

#[test]
fn an_http_answer_is_a_problem_with_the_delay_rounded_up() {
    let answer = answered(&AsResponse, Facts::new());
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert_eq!(answer.headers()["retry-after"], "2");
    assert_eq!(Rejection::of_response(&answer), Some(&refusal()));
}

#[test]
fn grpc_is_answered_as_grpc_whatever_was_chosen() {
    for answer in [
        answered(&AsResponse, Facts::new().with_grpc(true)),
        answered(&AsGrpc, Facts::new()),
    ] {
        assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 0));
        assert_eq!(answer.headers()["content-type"], "application/grpc");
        assert_eq!(answer.headers()["grpc-status"], "8");
        assert_eq!(answer.headers()["grpc-retry-pushback-ms"], "1200");
        assert_eq!(Rejection::of_response(&answer), Some(&refusal()));
    }
}

#[test]
fn what_no_wait_can_help_forbids_a_retry() {
    let error = Error::from(Rejection::new(
        RejectKind::CostTooHigh,
        "rate_limit",
        "signup",
    ));
    assert!(!error.is_retryable());
    let mut headers = http::HeaderMap::new();
    error.write_grpc_headers(&mut headers);
    assert_eq!(headers["grpc-retry-pushback-ms"], "-1");
}

#[test]
fn errors_and_closures_are_strategies_too() {
    let error: Result<(), Error> = AsError.reject(&Facts::new(), refusal());
    assert_eq!(error.unwrap_err().code(), Code::ResourceExhausted);
    let said =
        |rejection: &Rejection| -> Result<String, ()> { Ok(rejection.kind().label().to_owned()) };
    assert_eq!(
        said.reject(&Facts::new(), refusal()),
        Ok("rate_limited".to_owned())
    );
}

/// An application's own error, as an enum that may hold a refusal.
#[derive(Debug)]
enum Mine {
    Refused(Rejection),
    Other,
}

impl From<Rejection> for Mine {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection)
    }
}

#[test]
fn an_enum_of_ones_own_is_rejected_with_and_recognised() {
    let refused: Result<(), Mine> = AsError.reject(&Facts::new(), refusal());
    let classify = ByResult::new().rejections(|error: &Mine| match error {
        Mine::Refused(rejection) => Some(rejection),
        Mine::Other => None,
    });
    let class =
        |result: &Result<(), Mine>| classify.seen(&Facts::new(), result.as_ref()).verdict.class;
    assert_eq!(
        (class(&refused), class(&Err(Mine::Other)), class(&Ok(()))),
        (Class::Ignored, Class::Failure, Class::Success)
    );
}

#[test]
fn a_refusal_is_found_in_every_carrier() {
    let wrapped = || std::io::Error::other(std::io::Error::other(refusal()));
    assert_eq!(Rejection::find(&refusal()), Some(&refusal()));
    assert_eq!(Rejection::find(&Error::from(refusal())), Some(&refusal()));
    assert_eq!(
        Rejection::find(&BoxError::from(refusal())),
        Some(&refusal())
    );
    assert_eq!(
        Rejection::find(&BoxError::from(Error::from(refusal()))),
        Some(&refusal())
    );
    assert_eq!(Rejection::find(&wrapped()), Some(&refusal()));
    let deep = Error::internal(Error::internal(wrapped()));
    assert_eq!(Rejection::find(&deep), Some(&refusal()));
    #[cfg(feature = "grpc")]
    assert_eq!(
        Rejection::find(&tonic::Status::from(refusal())),
        Some(&refusal())
    );
    #[cfg(feature = "axum")]
    assert_eq!(
        Rejection::find(&axum::Error::new(refusal())),
        Some(&refusal())
    );
}

#[test]
fn other_errors_are_no_refusals() {
    assert_eq!(Rejection::find(&std::io::Error::other("down")), None);
    assert_eq!(Rejection::find(&BoxError::from("down")), None);
    assert_eq!(Rejection::find(&Error::internal("down")), None);
    assert_eq!(Rejection::find(&"a type that is no error"), None);
}

#[test]
fn a_response_with_an_error_that_a_refusal_caused_is_marked() {
    let answer: Response<Bytes> = Error::from(refusal()).into_http(None);
    assert_eq!(Rejection::of_response(&answer), Some(&refusal()));
    let answer: Response<Bytes> = Error::internal("down").into_http(None);
    assert_eq!(Rejection::of_response(&answer), None);
}

#[test]
fn refusals_are_neither_failures_nor_retried() {
    let error = BoxError::from(refusal());
    let seen = ByResult::new().seen(&Facts::new(), Err::<&(), _>(&error));
    assert_eq!(
        (seen.verdict.class, seen.verdict.retry),
        (Class::Ignored, Retry::No)
    );
}

#[test]
fn a_name_is_its_text_however_it_is_held() {
    use std::collections::HashSet;
    let (fixed, shared) = (Name::from_static("a"), Name::from(String::from("a")));
    assert_eq!(fixed, shared);
    let names: HashSet<_> = [fixed, shared].into();
    assert!(names.len() == 1 && names.contains("a"));
    assert!(Name::from("a") < Name::from(std::sync::Arc::<str>::from("b")));
}

#[test]
fn a_refusal_names_layer_and_policy_in_logs() {
    assert_eq!(
        refusal().to_string(),
        "rate_limited by rate_limit `signup`, retry after 1.2s"
    );
}
