//! New numbers under load.

use std::num::NonZeroU32;

use ovasabi_resilience::breaker::State;
use ovasabi_resilience::stack::{
    ClientConfig, ConcurrencyConfig, RateLimitConfig, ServerConfig, Stack, ThrottleConfig,
};
use tokio_test::assert_pending;
use tokio_test::task::spawn;
use tower::{Layer, ServiceExt};

use super::{Does, SEC, Upstream, client, get};

#[tokio::test(start_paused = true)]
async fn numbers_change_under_load_and_no_state_is_lost() {
    let upstream = Upstream::new([Does::After(5 * SEC), Does::Fail, Does::Fail, Does::Fail]);
    let mut config = ClientConfig::default();
    config.retry.max_attempts = 1;
    let stack = client().config(config.clone()).build().unwrap();
    let service = stack.layer().layer(upstream.clone());
    let mut under_way = spawn(service.clone().oneshot(get()));
    assert_pending!(under_way.poll());
    for _ in 0..2 {
        assert!(service.clone().oneshot(get()).await.is_err());
    }

    config.breaker.consecutive_failures = Some(3);
    config.concurrency = ConcurrencyConfig::fixed(NonZeroU32::new(7).unwrap());
    config.deadline = Some(20 * SEC);
    config.timeout = Some(8 * SEC);
    config.retry.budget_ratio = 0.5;
    stack.reload(&config).unwrap();
    assert_eq!(stack.numbers(), config);
    assert!(stack.explain().contains("at most 7 at once"));
    let limiter = stack.concurrency().unwrap();
    assert_eq!(
        (limiter.limit(), limiter.in_flight()),
        (7, 1),
        "the slot is still held"
    );

    // Two failures in a row were known before: one more opens it by the new number.
    assert!(service.clone().oneshot(get()).await.is_err());
    assert_eq!(stack.breaker().unwrap().state(), State::Open);
    assert!(under_way.await.is_ok(), "what was under way goes on");
    assert_eq!(limiter.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_changed_live_is_told_and_nothing_else_changes() {
    let stack = client().build().unwrap();
    let known = stack.numbers();
    let mut config = known.clone();
    config.retry.max_attempts = 0;
    config.throttle = Some(ThrottleConfig::default());
    config.rate_limit = Some(RateLimitConfig::per_second(NonZeroU32::MIN));
    config.concurrency = ConcurrencyConfig::adaptive(1..=10);
    config.breaker.minimum_calls = 77;
    let error = stack.reload(&config).unwrap_err();
    let told = error.to_string();
    for part in [
        "throttle is on, allowed is off, as it was built",
        "rate_limit is on, allowed is off, as it was built",
        "concurrency.adaptive is true, allowed is false, as it was built",
        "retry.max_attempts is 0",
    ] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(stack.numbers(), known);
    assert!(stack.explain().contains("at least 20 calls"));
}

#[tokio::test]
async fn a_server_takes_over_new_numbers_too() {
    let mut config = ServerConfig::default();
    config.rate_limit = Some(RateLimitConfig::per_second(NonZeroU32::MIN));
    let stack = Stack::http_server("api")
        .config(config.clone())
        .build()
        .unwrap();
    config.rate_limit = Some(RateLimitConfig::per_second(NonZeroU32::new(9).unwrap()));
    config.deadline = Some(3 * SEC);
    stack.reload(&config).unwrap();
    assert_eq!(stack.rate_limit().unwrap().quota().burst().get(), 9);
    assert!(stack.explain().contains("3s for a request"));
    config.concurrency = None;
    let error = stack.reload(&config).unwrap_err();
    assert_eq!(error.problems().len(), 1, "{error}");
}
