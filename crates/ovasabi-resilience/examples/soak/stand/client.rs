//! The ready stack of a client.

use ovasabi_resilience::stack::{
    BreakerConfig, ClientConfig, ClientLayer, ConcurrencyConfig, RateLimitConfig, RetryConfig,
    Stack, ThrottleConfig,
};
use tower::BoxError;

use super::breaker::Row;
use super::{LEASE, Stand, limit, number};
use crate::dice::Dice;
use crate::upstream::Mood;

/// What a reload cannot change.
#[derive(Clone, Copy, Debug)]
struct Shape {
    is_throttled: bool,
    is_adaptive: bool,
}

impl Stand {
    pub(super) fn client(&mut self, dice: &Dice) -> Result<(), BoxError> {
        let mood = self.mood;
        let shape = Shape {
            is_throttled: dice.one_in(2),
            is_adaptive: dice.one_in(2),
        };
        let stack = Stack::http_client("soak")
            .clock(self.clock.clone())
            .config(numbers(shape, mood, dice))
            .build()?;
        let layer = ClientLayer::new(stack.clone());
        if dice.one_in(2) {
            self.wrap(&layer.until_body_end());
        } else {
            self.wrap(&layer);
        }
        self.lender(stack.clone());
        if let Some(breaker) = stack.breaker() {
            self.guard(breaker.clone(), Row::Time);
        }
        self.knob(move |dice| Ok(stack.reload(&numbers(shape, mood, dice))?));
        Ok(())
    }
}

fn numbers(shape: Shape, mood: Mood, dice: &Dice) -> ClientConfig {
    let mut breaker = BreakerConfig::default();
    breaker.consecutive_failures = Some(dice.between(3, 20));
    breaker.permitted_calls_in_half_open = dice.between(1, 5);
    breaker.wait_duration_in_open = dice.millis(1, 50);
    breaker.probe_lease = LEASE;
    let mut retry = RetryConfig::default();
    retry.max_attempts = dice.between(1, 4);
    retry.base = dice.millis(1, 3);
    retry.throttled_base = dice.millis(1, 3);
    retry.budget_floor_per_second = dice.between(0, 100);
    let timeout = limit(mood, dice, 50);

    let mut config = ClientConfig::default();
    config.deadline = Some(timeout + dice.millis(0, 50));
    config.throttle = shape.is_throttled.then(|| throttle(dice));
    config.rate_limit = Some(quota(dice));
    config.retry = retry;
    config.breaker = breaker;
    config.timeout = Some(timeout);
    config.concurrency = slots(shape.is_adaptive, dice);
    config
}

fn throttle(dice: &Dice) -> ThrottleConfig {
    let mut throttle = ThrottleConfig::default();
    throttle.window = dice.millis(1_000, 3_000);
    throttle.minimum_requests = dice.between(1, 50);
    throttle.max_rejection_rate = 0.9;
    throttle
}

pub(super) fn quota(dice: &Dice) -> RateLimitConfig {
    RateLimitConfig::per_second(number(dice, 5_000))
}

pub(super) fn slots(is_adaptive: bool, dice: &Dice) -> ConcurrencyConfig {
    if is_adaptive {
        ConcurrencyConfig::adaptive(1..=dice.between(2, 40))
    } else {
        ConcurrencyConfig::fixed(number(dice, 40))
    }
}
