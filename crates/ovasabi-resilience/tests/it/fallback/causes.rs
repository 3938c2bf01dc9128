//! For which causes it answers.

use http::Request;
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::fallback::{Cause, Causes, Fallback};
use tower::{Layer, ServiceExt};

use super::{Act, Calls, fallback, made, on, service};

/// Whether the fallback answers, and how often it was asked.
async fn answers(fallback: &Fallback, act: Act) -> bool {
    let calls = Calls::default();
    let layer = fallback.function({
        let calls = calls.clone();
        move |(), _cause| {
            calls.count();
            Ok::<_, tower::BoxError>(made())
        }
    });
    let result = layer.layer(service()).oneshot(Request::new(act)).await;
    let is_made = result.is_ok_and(|response| *response.body() == "made up");
    assert_eq!(u32::from(is_made), calls.value());
    is_made
}

const KINDS: [RejectKind; 11] = [
    RejectKind::CircuitOpen,
    RejectKind::ProbesTaken,
    RejectKind::RateLimited,
    RejectKind::CostTooHigh,
    RejectKind::AtCapacity,
    RejectKind::QueueTimeout,
    RejectKind::DeadlineExceeded,
    RejectKind::TimedOut,
    RejectKind::Shed,
    RejectKind::NoEndpoint,
    RejectKind::Cancelled,
];

#[tokio::test]
async fn it_is_not_asked_for_causes_that_were_not_chosen() {
    // P-73
    let acts = [
        (Act::Fail, [false, true, false]),
        (Act::Status(500), [false, true, false]),
        (Act::Status(503), [false, true, false]),
        (Act::Status(429), [false, false, true]),
        (Act::Refuse(RejectKind::CircuitOpen), [true, false, false]),
        (Act::Refuse(RejectKind::Shed), [true, false, false]),
        // A service that is too slow has failed, and was refused by a layer of ours.
        (Act::Refuse(RejectKind::TimedOut), [true, true, false]),
    ];
    for (act, expected) in acts {
        let causes = [Causes::rejected(), Causes::failure(), Causes::throttled()];
        for (causes, expected) in causes.into_iter().zip(expected) {
            assert_eq!(
                answers(&on(causes), act).await,
                expected,
                "{act:?} {causes:?}"
            );
        }
    }
}

#[tokio::test]
async fn by_default_it_answers_for_refusals_and_failures() {
    let fallback = fallback();
    for act in [
        Act::Fail,
        Act::Status(502),
        Act::Refuse(RejectKind::RateLimited),
        Act::Refuse(RejectKind::TimedOut),
    ] {
        assert!(answers(&fallback, act).await, "{act:?}");
    }
    assert!(!answers(&fallback, Act::Status(429)).await);
}

#[tokio::test]
async fn a_success_and_what_the_caller_has_done_wrong_are_passed_on() {
    let all = on(Causes::rejected() | Causes::failure() | Causes::throttled());
    for status in [200, 204, 304, 400, 401, 403, 404, 409, 422, 499, 501] {
        assert!(!answers(&all, Act::Status(status)).await, "{status}");
    }
    for kind in [RejectKind::CostTooHigh, RejectKind::Cancelled] {
        assert!(!answers(&all, Act::Refuse(kind)).await, "{kind:?}");
    }
}

#[tokio::test]
async fn kinds_of_refusals_are_chosen_one_by_one() {
    for chosen in KINDS {
        let fallback = on(Causes::rejected_as(chosen));
        for kind in KINDS {
            assert_eq!(answers(&fallback, Act::Refuse(kind)).await, kind == chosen);
        }
        assert!(!answers(&fallback, Act::Fail).await);
    }
}

#[test]
fn causes_are_combined_and_say_what_they_are() {
    let mut causes = Causes::failure() | Causes::rejected_as(RejectKind::Shed);
    assert!(causes.contains(Cause::Failure));
    assert!(
        causes.contains(Cause::Rejected(RejectKind::TimedOut)),
        "a failure too"
    );
    assert!(!causes.contains(Cause::Throttled));
    assert_eq!(format!("{causes:?}"), r#"{"failure", "shed"}"#);
    causes |= Causes::throttled();
    assert!(causes.contains(Cause::Throttled));
    assert_eq!(Causes::default(), Causes::rejected() | Causes::failure());
    assert!(Causes::none().is_empty());
}
