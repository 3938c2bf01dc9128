//! How its answers are recognised.

use std::time::Duration;

use http::{Request, Response};
use ovasabi_core::classify::{Class, Classify, Facts, HttpClassify};
use ovasabi_core::error::BoxError;
use ovasabi_core::reject::RejectKind;
use ovasabi_core::time::Clock;
use ovasabi_resilience::breaker::CircuitBreaker;
use ovasabi_resilience::fallback::{
    Cause, Degraded, IgnoreDegraded, Stale, StaleCache, StaleStore,
};
use tower::{Layer, ServiceExt};

use super::{Act, fallback, made, service};

#[tokio::test]
async fn a_marked_answer_says_which_fallback_made_it_and_why() {
    let service = fallback().value(made()).marking().layer(service());
    let open = Request::new(Act::Refuse(RejectKind::CircuitOpen));
    let answer = service.clone().oneshot(open).await.unwrap();
    let mark = answer.extensions().get::<Degraded>().unwrap();
    assert_eq!(mark.policy.as_str(), "test");
    assert_eq!(mark.cause, Cause::Rejected(RejectKind::CircuitOpen));
    assert!(answer.extensions().get::<Stale>().is_none());
    assert!(answer.headers().is_empty());
    let success = Request::new(Act::Status(200));
    let answer = service.oneshot(success).await.unwrap();
    assert!(answer.extensions().get::<Degraded>().is_none());
}

#[tokio::test]
async fn a_stale_answer_says_how_old_it_is_on_top_of_what_it_was() {
    let (clock, hand) = Clock::manual();
    let store = StaleCache::<u8, Response<&str>>::builder("test")
        .clock(clock)
        .build()
        .unwrap();
    store.put(1, &made());
    let kept_before = Response::builder()
        .header("age", "100")
        .body("cached")
        .unwrap();
    store.put(2, &kept_before);
    hand.advance(Duration::from_millis(2_900));
    for (key, age) in [(1, "2"), (2, "102")] {
        let layer = fallback().stale(store.clone(), move |_: &Request<Act>| Some(key));
        let service = layer.marking().layer(service());
        let answer = service.oneshot(Request::new(Act::Fail)).await.unwrap();
        assert_eq!(answer.headers()["age"], age);
        let stale = answer.extensions().get::<Stale>().unwrap();
        assert_eq!(stale.age, Duration::from_millis(2_900));
        assert!(answer.extensions().get::<Degraded>().is_some());
    }
}

#[tokio::test]
async fn to_a_breaker_outside_its_answers_are_neither_successes_nor_failures() {
    let breaker = CircuitBreaker::builder("outer").build().unwrap();
    let service = breaker
        .layer()
        .classify(IgnoreDegraded::new(HttpClassify::new()))
        .until_body_end()
        .layer(
            fallback()
                .function(|(), _cause| {
                    let body = http_body_util::Full::new(bytes::Bytes::new());
                    Ok::<_, BoxError>(Response::new(body))
                })
                .marking()
                .layer(service().map_response(|response| {
                    response.map(|text| http_body_util::Full::new(bytes::Bytes::from(text)))
                })),
        );
    let ask = async |act| {
        let answer = service.clone().oneshot(Request::new(act)).await.unwrap();
        let body = answer.into_body();
        http_body_util::BodyExt::collect(body).await.unwrap();
    };
    ask(Act::Fail).await;
    ask(Act::Status(500)).await;
    let totals = breaker.snapshot().totals();
    assert_eq!(
        (totals.successes, totals.failures, totals.ignored),
        (0, 0, 2)
    );
    ask(Act::Status(200)).await;
    assert_eq!(breaker.snapshot().totals().successes, 1);

    let failed = Response::builder().status(500).body(()).unwrap();
    let seen = Classify::<_, BoxError>::seen(
        &IgnoreDegraded::new(HttpClassify::new()),
        &Facts::new(),
        Ok(&failed),
    );
    assert_eq!(seen.verdict.class, Class::Failure);
}
