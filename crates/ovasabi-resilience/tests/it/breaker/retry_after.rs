//! A service that says how long to leave it alone.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use ovasabi_core::classify::{GrpcClassify, Retry, Verdict};
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::breaker::Cause;
use tower::{BoxError, ServiceExt, service_fn};

use super::*;

fn asking(seconds: u64) -> Verdict {
    let verdict = Verdict::new(Class::Throttled).with_retry(Retry::Safe);
    verdict.with_retry_after(Some(Duration::from_secs(seconds)))
}

fn ask(breaker: &CircuitBreaker, verdict: Verdict) {
    breaker.try_acquire().unwrap().settle_verdict(verdict);
}

fn left(breaker: &CircuitBreaker) -> Option<Duration> {
    breaker.snapshot().retry_after()
}

/// Heeds up to a minute.
fn heeding() -> (CircuitBreaker, ClockHand) {
    let (builder, hand) = builder();
    (builder.honour_retry_after(60 * SEC).build().unwrap(), hand)
}

#[test]
fn a_hint_opens_it_for_as_long_as_the_service_says() {
    let (breaker, hand) = heeding();
    let mut other = breaker.changes();
    ask(&breaker, asking(7));
    assert_eq!(
        (breaker.state(), left(&breaker)),
        (State::Open, Some(7 * SEC))
    );
    let refused = breaker.try_acquire().unwrap_err();
    assert_eq!(
        (refused.kind(), refused.retry_delay()),
        (RejectKind::CircuitOpen, Some(7 * SEC))
    );
    let opened = tokio_test::block_on(other.next()).unwrap();
    assert_eq!(
        (opened.cause(), opened.wait(), opened.cause().label()),
        (Cause::RetryAfter, Some(7 * SEC), "retry_after")
    );
    let totals = breaker.snapshot().totals();
    assert_eq!((totals.throttled, totals.opened), (1, 1), "it counts too");
    hand.advance(7 * SEC);
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn a_hint_is_ignored_unless_asked_for() {
    let (builder, _hand) = builder();
    let breaker = builder.build().unwrap();
    ask(&breaker, asking(7));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_hint_of_a_success_or_of_no_time_opens_nothing() {
    let (breaker, _hand) = heeding();
    ask(&breaker, asking(0));
    for class in [Class::Success, Class::Ignored] {
        ask(
            &breaker,
            Verdict::new(class).with_retry_after(Some(7 * SEC)),
        );
    }
    assert_eq!(breaker.state(), State::Closed);
    ask(
        &breaker,
        Verdict::new(Class::Failure).with_retry_after(Some(7 * SEC)),
    );
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn no_hint_is_longer_than_the_longest() {
    let (breaker, _hand) = heeding();
    let forever = Verdict::new(Class::Throttled).with_retry_after(Some(Duration::MAX));
    ask(&breaker, forever);
    assert_eq!(left(&breaker), Some(60 * SEC));
}

#[test]
fn a_longer_hint_lengthens_the_break_and_a_shorter_one_does_not_shorten_it() {
    let (breaker, hand) = heeding();
    let late: Vec<_> = (0..3).map(|_| breaker.try_acquire().unwrap()).collect();
    ask(&breaker, asking(10));
    let mut hints = [3, 20, 5].into_iter().zip(late);
    for expected in [10, 20, 20] {
        let (hint, permit) = hints.next().unwrap();
        permit.settle_verdict(asking(hint));
        assert_eq!(
            left(&breaker),
            Some(Duration::from_secs(expected)),
            "after {hint}"
        );
    }
    assert_eq!(breaker.snapshot().totals().opened, 1);
    hand.advance(20 * SEC);
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn a_hint_from_before_a_transition_does_not_open_it_again() {
    // P-3
    let (breaker, hand) = heeding();
    let mut late: Vec<_> = (0..3).map(|_| breaker.try_acquire().unwrap()).collect();
    ask(&breaker, asking(10));
    hand.advance(10 * SEC);
    late.pop().unwrap().settle_verdict(asking(10));
    assert_eq!(breaker.state(), State::HalfOpen, "over, and not probed");
    let probe = breaker.try_acquire().unwrap();
    late.pop().unwrap().settle_verdict(asking(10));
    assert_eq!(breaker.state(), State::HalfOpen, "under the probe");
    probe.settle(Class::Success);
    calls(&breaker, Class::Success, 1);
    late.pop().unwrap().settle_verdict(asking(10));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_probe_with_a_hint_opens_it_again_at_once_and_no_break_grows_by_it() {
    let (builder, hand) = builder();
    let breaker = builder
        .wait_factor(2.0)
        .consecutive_failures(1)
        .honour_retry_after(60 * SEC)
        .build()
        .unwrap();
    for _ in 0..5 {
        ask(&breaker, asking(2));
        assert_eq!(left(&breaker), Some(2 * SEC));
        hand.advance(2 * SEC);
    }
    calls(&breaker, Class::Failure, 2);
    assert_eq!(left(&breaker), Some(5 * SEC), "the first break of its own");
}

#[test]
fn a_break_of_its_own_that_is_longer_stays() {
    let (breaker, _hand) = heeding();
    let breaker = {
        let (builder, _hand) = builder();
        breaker.reset();
        builder
            .consecutive_failures(1)
            .honour_retry_after(60 * SEC)
            .build()
            .unwrap()
    };
    let verdict = Verdict::new(Class::Failure).with_retry_after(Some(SEC));
    ask(&breaker, verdict);
    assert_eq!(left(&breaker), Some(5 * SEC));
}

#[test]
fn the_wake_up_is_spread_upwards_only() {
    let mut waits = Vec::new();
    for _ in 0..200 {
        let (builder, _hand) = builder();
        let breaker = builder
            .wait_jitter(0.5)
            .honour_retry_after(60 * SEC)
            .build()
            .unwrap();
        ask(&breaker, asking(10));
        waits.push(left(&breaker).unwrap());
    }
    waits.sort_unstable();
    assert!(waits[0] >= 10 * SEC && waits[199] <= 15 * SEC, "{waits:?}");
    assert!(waits[199] - waits[0] > 4 * SEC, "{waits:?}");
}

#[test]
fn a_forced_mode_hears_no_hint() {
    let (breaker, _hand) = heeding();
    breaker.force(ovasabi_resilience::breaker::Mode::MetricsOnly);
    ask(&breaker, asking(7));
    assert_eq!(breaker.state(), State::MetricsOnly);
}

#[tokio::test]
async fn the_layer_reads_it_from_the_head_and_parallel_callers_stop() {
    let (breaker, _hand) = heeding();
    let limited = service_fn(async |_: Request<()>| {
        let response = Response::builder().status(429).header("retry-after", "30");
        Ok::<_, BoxError>(response.body(Full::new(Bytes::from_static(b"slow down")))?)
    });
    let client = breaker.layer().until_body_end().wrap(limited);
    let answer = client.clone().oneshot(Request::new(())).await.unwrap();
    assert_eq!(left(&breaker), Some(30 * SEC), "before its body was read");
    let parallel = client.oneshot(Request::new(())).await.unwrap_err();
    let rejection = ovasabi_core::Rejection::find(&parallel).unwrap();
    assert_eq!(rejection.retry_delay(), Some(30 * SEC));
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(&body[..], b"slow down");
    assert_eq!(breaker.snapshot().totals().throttled, 1);
    assert_eq!(breaker.snapshot().totals().late, 0);
}

#[tokio::test]
async fn without_it_the_layer_follows_the_body_of_an_answer_with_a_hint() {
    let (builder, _hand) = builder();
    let breaker = builder.build().unwrap();
    let limited = service_fn(async |_: Request<()>| {
        let response = Response::builder().status(429).header("retry-after", "30");
        Ok::<_, BoxError>(response.body(Full::new(Bytes::from_static(b"slow down")))?)
    });
    let client = breaker.layer().until_body_end().wrap(limited);
    let answer = client.oneshot(Request::new(())).await.unwrap();
    assert_eq!(breaker.snapshot().totals().throttled, 0);
    answer.into_body().collect().await.unwrap();
    assert_eq!(breaker.snapshot().totals().throttled, 1);
}

#[tokio::test]
async fn a_grpc_pushback_is_a_hint_too() {
    let (breaker, _hand) = heeding();
    let limited = service_fn(async |_: Request<()>| {
        let response = Response::builder()
            .header("grpc-status", "8")
            .header("grpc-retry-pushback-ms", "1500");
        Ok::<_, BoxError>(response.body(Full::<Bytes>::default())?)
    });
    let layer = breaker.layer().classify(GrpcClassify::new());
    layer.wrap(limited).oneshot(Request::new(())).await.unwrap();
    assert_eq!(left(&breaker), Some(1_500 * MS));
}
