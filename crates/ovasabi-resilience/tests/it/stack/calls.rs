//! Calls through a client.

use std::num::NonZeroU32;
use std::time::Duration;

use http::Response;
use ovasabi_core::Context;
use ovasabi_core::reject::RejectKind;
use ovasabi_resilience::breaker::{CircuitBreaker, Mode, State};
use ovasabi_resilience::stack::{
    BreakerConfig, ConcurrencyConfig, Part, RateLimitConfig, RetryConfig, ThrottleConfig,
};
use tokio::time::{Instant, advance};
use tokio_test::task::spawn;
use tokio_test::{assert_pending, assert_ready};
use tower::{Layer, Service, ServiceExt};

use super::{Does, MS, SEC, Upstream, client, get, kind};

fn opens_after(failures: u32) -> BreakerConfig {
    let mut numbers = BreakerConfig::default();
    numbers.consecutive_failures = Some(failures);
    numbers
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_tried_again_and_counts_for_the_breaker_each_time() {
    let upstream = Upstream::new([Does::Answer(503), Does::Fail, Does::Answer(200)]);
    let stack = client().build().unwrap();
    let answer = stack.layer().layer(upstream.clone()).oneshot(get()).await;
    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!(upstream.calls(), 3);
    let totals = stack.breaker().unwrap().snapshot().totals();
    assert_eq!((totals.failures, totals.successes), (2, 1));
    assert_eq!(stack.retry().unwrap().totals().attempts, 2);
    assert_eq!(stack.concurrency().unwrap().in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_refuses_without_a_retry_and_keeps_no_slot() {
    let upstream = Upstream::new([]);
    let stack = client().build().unwrap();
    stack.breaker().unwrap().force(Mode::ForcedOpen);
    let service = stack.layer().layer(upstream.clone());
    let error = service.oneshot(get()).await.unwrap_err();
    assert_eq!(kind(&error), Some(RejectKind::CircuitOpen));
    assert_eq!(
        (upstream.calls(), stack.concurrency().unwrap().in_flight()),
        (0, 0)
    );
}

#[tokio::test]
async fn an_open_breaker_refuses_even_if_the_service_is_never_ready() {
    // P-75
    let stack = client().build().unwrap();
    let (never, mut handle) = tower_test::mock::pair::<http::Request<()>, Response<()>>();
    handle.allow(0);
    let service = stack.layer().layer(never);
    let mut waits = spawn(service.clone().oneshot(get()));
    assert_pending!(waits.poll());
    let breaker = stack.breaker().unwrap();
    let opens: [fn(&CircuitBreaker); 2] = [|it| it.force(Mode::ForcedOpen), |it| it.trip(SEC)];
    for open in opens {
        open(breaker);
        let error = assert_ready!(spawn(service.clone().oneshot(get())).poll()).unwrap_err();
        assert_eq!(kind(&error), Some(RejectKind::CircuitOpen));
        breaker.force(Mode::Auto);
        breaker.reset();
    }
    drop(waits);
    assert_eq!(stack.concurrency().unwrap().in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_opens_ends_the_retries_and_the_last_answer_comes_back() {
    let upstream = Upstream::new([Does::Answer(503); 9]);
    let stack = client().breaker(opens_after(2)).build().unwrap();
    let answer = stack.layer().layer(upstream.clone()).oneshot(get()).await;
    assert_eq!(
        answer.unwrap().status(),
        503,
        "what the service said, not what we say"
    );
    assert_eq!(
        (upstream.calls(), stack.breaker().unwrap().state()),
        (2, State::Open)
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_attempt_is_a_failure_and_is_tried_again_within_the_deadline() {
    let upstream = Upstream::new([Does::After(60 * SEC); 9]);
    let stack = client().timeout(SEC).deadline(10 * SEC).build().unwrap();
    let start = Instant::now();
    let service = stack.layer().layer(upstream.clone());
    let error = service.oneshot(get()).await.unwrap_err();
    assert_eq!(kind(&error), Some(RejectKind::TimedOut));
    assert_eq!(upstream.calls(), 3);
    assert_eq!(stack.breaker().unwrap().snapshot().totals().failures, 3);
    assert!(start.elapsed() >= 3 * SEC && start.elapsed() < 4 * SEC);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_a_call_whatever_attempt_it_is_in_and_blames_nobody() {
    let upstream = Upstream::new([Does::Answer(503), Does::After(60 * SEC)]);
    let stack = client().timeout(2 * SEC).deadline(2 * SEC).build().unwrap();
    let start = Instant::now();
    let service = stack.layer().layer(upstream.clone());
    let error = service.oneshot(get()).await.unwrap_err();
    assert_eq!(kind(&error), Some(RejectKind::DeadlineExceeded));
    assert!(start.elapsed() >= 2 * SEC && start.elapsed() <= 2 * SEC + 2 * MS);
    let totals = stack.breaker().unwrap().snapshot().totals();
    assert_eq!((totals.failures, totals.ignored), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_callers_deadline_is_the_smaller_one_and_a_past_one_starts_nothing() {
    let upstream = Upstream::new([Does::After(60 * SEC)]);
    let stack = client().build().unwrap();
    let service = stack.layer().layer(upstream.clone());
    let start = Instant::now();
    let request = Context::background().with_timeout(100 * MS).attach(get());
    let error = service.clone().oneshot(request).await.unwrap_err();
    assert_eq!(kind(&error), Some(RejectKind::DeadlineExceeded));
    assert!(start.elapsed() <= 102 * MS);
    let request = Context::background()
        .with_timeout(Duration::ZERO)
        .attach(get());
    let error = service.oneshot(request).await.unwrap_err();
    assert_eq!(kind(&error), Some(RejectKind::DeadlineExceeded));
    assert_eq!(upstream.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_pays_the_quota_once_whatever_its_attempts() {
    let upstream = Upstream::new([Does::Answer(503), Does::Answer(503)]);
    let quota = RateLimitConfig::per_second(NonZeroU32::new(2).unwrap());
    let stack = client().rate_limit(quota).build().unwrap();
    let service = stack.layer().layer(upstream.clone());
    assert_eq!(service.clone().oneshot(get()).await.unwrap().status(), 200);
    assert_eq!(upstream.calls(), 3);
    // The retries took under a second, in which at most one came back.
    let mut admitted = 0;
    while service.clone().oneshot(get()).await.is_ok() {
        admitted += 1;
    }
    assert!((1..=2).contains(&admitted), "{admitted}");
}

#[tokio::test(start_paused = true)]
async fn a_throttle_counts_calls_and_not_attempts_and_refuses_before_the_service_is_asked() {
    let upstream = Upstream::new([Does::Answer(503); 100]);
    let mut numbers = ThrottleConfig::default();
    numbers.minimum_requests = 5;
    let stack = client()
        .without(Part::Breaker)
        .throttle(numbers)
        .build()
        .unwrap();
    let service = stack.layer().layer(upstream.clone());
    for call in 1..=5 {
        assert_eq!(service.clone().oneshot(get()).await.unwrap().status(), 503);
        assert_eq!(upstream.calls(), 3 * call, "tried three times each");
    }
    // Five requests, none accepted: 5 of 6 are refused.
    let rate = stack.throttle().unwrap().rejection_rate();
    assert!((rate - 5.0 / 6.0).abs() < 1e-9, "{rate}");
    let before = upstream.calls();
    let mut refused = 0;
    for _ in 0..50 {
        match service.clone().oneshot(get()).await {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(kind(&error), Some(RejectKind::Shed));
                refused += 1;
            }
        }
    }
    assert!(refused >= 25, "{refused}");
    assert!(upstream.calls() - before <= 3 * (50 - refused));
}

#[tokio::test(start_paused = true)]
async fn no_slot_is_held_through_a_pause() {
    let upstream = Upstream::new([Does::Answer(503)]);
    let slots = ConcurrencyConfig::fixed(NonZeroU32::MIN);
    let stack = client().concurrency(slots).build().unwrap();
    let service = stack.layer().layer(upstream);
    let mut first = spawn(service.clone().oneshot(get()));
    assert_pending!(first.poll(), "it pauses");
    assert_eq!(stack.concurrency().unwrap().in_flight(), 0);
    assert_eq!(service.oneshot(get()).await.unwrap().status(), 200);
    advance(SEC).await;
    assert_eq!(assert_ready!(first.poll()).unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_and_gives_everything_back() {
    let upstream = Upstream::new([Does::Panic]);
    let stack = client().build().unwrap();
    let service = stack.layer().layer(upstream);
    let joined = tokio::spawn(service.oneshot(get())).await;
    assert!(joined.unwrap_err().is_panic());
    assert_eq!(stack.breaker().unwrap().snapshot().totals().failures, 1);
    assert_eq!(stack.concurrency().unwrap().in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_in_an_attempt_or_in_a_pause_counts_for_nothing() {
    for script in [
        [Does::After(SEC), Does::Fail],
        [Does::Answer(503), Does::Fail],
    ] {
        let upstream = Upstream::new(script);
        let stack = client().build().unwrap();
        let mut call = spawn(stack.layer().layer(upstream.clone()).oneshot(get()));
        assert_pending!(call.poll());
        let before = stack.breaker().unwrap().snapshot().totals().failures;
        drop(call);
        advance(10 * SEC).await;
        assert_eq!(upstream.calls(), 1, "no further attempt");
        assert_eq!(
            stack.breaker().unwrap().snapshot().totals().failures,
            before
        );
        assert_eq!(stack.concurrency().unwrap().in_flight(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn parts_that_are_off_do_nothing() {
    let upstream = Upstream::new([Does::Answer(503); 20]);
    let stack = client()
        .without(Part::Retry)
        .without(Part::Breaker)
        .without(Part::Concurrency)
        .build()
        .unwrap();
    let service = stack.layer().layer(upstream.clone());
    for _ in 0..20 {
        assert_eq!(service.clone().oneshot(get()).await.unwrap().status(), 503);
    }
    assert_eq!(upstream.calls(), 20);
    assert!(stack.breaker().is_none() && stack.concurrency().is_none() && stack.retry().is_none());
}

#[tokio::test(start_paused = true)]
async fn no_attempt_is_sent_after_the_end_of_the_call() {
    let upstream = Upstream::new([Does::Answer(503); 3]);
    let mut numbers = RetryConfig::default();
    numbers.base = 50 * MS;
    let stack = client()
        .deadline(SEC)
        .timeout(SEC / 2)
        .retry(numbers)
        .build()
        .unwrap();
    let mut service = stack.layer().layer(upstream.clone());
    let mut call = spawn(service.call(get()));
    assert_pending!(call.poll());
    assert_eq!(upstream.calls(), 1);
    advance(60 * SEC).await;
    let error = assert_ready!(call.poll()).unwrap_err();
    assert_eq!(kind(&error), Some(RejectKind::DeadlineExceeded));
    assert_eq!(upstream.calls(), 1, "nobody waits for the second");
}
