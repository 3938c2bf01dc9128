//! Looking into it, and steering it.

use http::Request;
use ovasabi_core::inspect::{Registry, Value};
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::fallback::{Cause, Causes, Fallback, Outcome};
use tower::{Layer, ServiceExt};

use super::{Act, fallback, made, service};

async fn is_made(fallback: &Fallback, act: Act) -> bool {
    let service = fallback.value(made()).layer(service());
    let answer = service.oneshot(Request::new(act)).await;
    answer.is_ok_and(|response| *response.body() == "made up")
}

#[tokio::test]
async fn a_registry_sees_what_came_of_each_cause_and_switches_it() {
    let registry = Registry::new();
    let fallback = Fallback::builder("prices")
        .on(Causes::rejected() | Causes::throttled())
        .inspect(&registry)
        .build()
        .unwrap();
    assert!(is_made(&fallback, Act::Status(429)).await);
    assert!(is_made(&fallback, Act::Refuse(RejectKind::Shed)).await);
    assert!(is_made(&fallback, Act::Refuse(RejectKind::CircuitOpen)).await);
    assert!(!is_made(&fallback, Act::Fail).await);
    assert!(!is_made(&fallback, Act::Status(200)).await);
    let control = |action| registry.control("fallback", "prices", action, None);
    control("disable").unwrap();
    assert!(!is_made(&fallback, Act::Status(429)).await);
    assert!(!is_made(&fallback, Act::Fail).await);
    let report = registry.reports().remove(0);
    assert_eq!(report.snapshot.state().unwrap().current, "disabled");
    let seen: Vec<_> = report
        .snapshot
        .metrics()
        .iter()
        .filter(|metric| metric.value != Value::Counter(0))
        .map(|metric| (metric.name, metric.labels, metric.value))
        .collect();
    let calls = |labels, count| ("fallback.calls", labels, Value::Counter(count));
    assert_eq!(
        seen,
        [
            calls(&[("cause", "rejected"), ("outcome", "answered")] as &[_], 2),
            calls(
                &[("cause", "throttled"), ("outcome", "answered")] as &[_],
                1
            ),
            calls(
                &[("cause", "throttled"), ("outcome", "disabled")] as &[_],
                1
            ),
        ]
    );
    control("enable").unwrap();
    assert!(is_made(&fallback, Act::Status(429)).await);
    assert!(control("open").is_err());
    assert!(
        registry
            .control("fallback", "prices", "enable", Some("now"))
            .is_err()
    );
}

#[tokio::test]
async fn its_causes_change_while_it_runs_and_its_counters_stay() {
    let fallback = fallback();
    let layer = fallback.value(made());
    let service = layer.layer(service());
    let ask = async |act| {
        let answer = service.clone().oneshot(Request::new(act)).await;
        answer.is_ok_and(|response| *response.body() == "made up")
    };
    assert!(ask(Act::Fail).await);
    let only = Fallback::builder("").on(Causes::throttled());
    fallback.reconfigure(only).unwrap();
    assert!(!ask(Act::Fail).await);
    assert!(ask(Act::Status(429)).await);
    assert_eq!(fallback.causes(), Causes::throttled());
    assert_eq!(fallback.count(Cause::Failure, Outcome::Answered), 1);
    assert_eq!(fallback.name().as_str(), "test");
}

#[test]
fn a_fallback_without_a_cause_is_refused() {
    // P-77
    let none = || Fallback::builder("bad").on(Causes::none());
    let error = none().build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot build fallback `bad`: on is no cause, allowed is at least one cause"
    );
    let living = fallback();
    assert!(living.reconfigure(none()).is_err());
    assert_eq!(living.causes(), Causes::default());
}

#[tokio::test]
async fn layers_over_one_handle_share_its_switch_and_its_counters() {
    // P-76
    let fallback = fallback();
    assert!(is_made(&fallback.clone(), Act::Fail).await);
    assert!(is_made(&fallback, Act::Fail).await);
    assert_eq!(fallback.count(Cause::Failure, Outcome::Answered), 2);
    fallback.clone().disable();
    assert!(!is_made(&fallback, Act::Fail).await);
    fallback.enable();
    assert!(is_made(&fallback, Act::Fail).await);
}

#[test]
fn it_is_send_and_sync_and_says_what_it_is() {
    fn check<T: Send + Sync + Clone + std::fmt::Debug>(value: &T) -> String {
        format!("{value:?}")
    }
    let fallback = fallback();
    let layer = fallback.value(made());
    assert!(check(&fallback).contains("test"));
    assert!(check(&layer).contains("test"));
    assert!(check(&layer.layer(tower::util::BoxCloneSyncService::new(service()))).contains("test"));
    fn is_send<T: Send>(_: &T) {}
    is_send(&layer.layer(service()).oneshot(Request::new(Act::Fail)));
}
