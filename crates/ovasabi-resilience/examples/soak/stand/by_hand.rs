//! Single layers, one over the other, in an order that chance makes.

use std::time::Duration;

use ovasabi_core::time::Clock;
use ovasabi_resilience::concurrency::{
    ConcurrencyLimitLayer, ConcurrencyLimiter, ConcurrencyLimiterBuilder, Queue,
};
use ovasabi_resilience::deadline::Deadline;
use ovasabi_resilience::rate_limit::{Quota, RateLimitLayer, RateLimiter, RateLimiterBuilder};
use ovasabi_resilience::retry::{RetryBudget, RetryPolicy, RetryPolicyBuilder};
use tower::BoxError;

use super::{Stand, limit, number};
use crate::dice::Dice;

impl Stand {
    /// Innermost first. Retries stand outside of the breaker, all else where chance puts it.
    pub(super) fn by_hand(&mut self, dice: &Dice) -> Result<(), BoxError> {
        for _ in 0..5 {
            match dice.roll(9) {
                0 if self.breakers.is_empty() => self.breaker(dice)?,
                1 if self.hosts.is_empty() => self.breaker_of_each_key(dice)?,
                2 => self.concurrency(dice)?,
                3 => self.rate(dice)?,
                4 => self.rate_of_each_key(dice)?,
                5 => self.time(dice)?,
                6 => self.load_shed(dice)?,
                7 => self.throttle(dice)?,
                _ => {}
            }
        }
        if dice.one_in(2) {
            self.retry(dice)?;
        }
        Ok(())
    }

    fn time(&mut self, dice: &Dice) -> Result<(), BoxError> {
        let most = self.limit(dice, 50);
        let deadline = if dice.one_in(2) {
            Deadline::total("soak", most).build()?
        } else {
            Deadline::per_attempt("soak", most).build()?
        };
        self.wrap(&deadline.layer().until_body_end());
        let mood = self.mood;
        self.knob(move |dice| Ok(deadline.set_limit(limit(mood, dice, 50))?));
        Ok(())
    }

    fn concurrency(&mut self, dice: &Dice) -> Result<(), BoxError> {
        let clock = self.clock.clone();
        let limiter = slots(&clock, dice).build()?;
        let layer = ConcurrencyLimitLayer::new(limiter.clone());
        match dice.roll(3) {
            0 => self.wrap(&layer),
            1 => self.wrap(&layer.until_body_end()),
            _ => self.wrap(&layer.until_body_end().queued()),
        }
        self.lender(limiter.clone());
        self.knob(move |dice| Ok(limiter.reconfigure(slots(&clock, dice))?));
        Ok(())
    }

    fn rate(&mut self, dice: &Dice) -> Result<(), BoxError> {
        let clock = self.clock.clone();
        let limiter = rates(&clock, dice)?.build()?;
        let layer = RateLimitLayer::new(limiter.clone());
        if dice.one_in(2) {
            self.wrap(&layer.waiting(dice.millis(1, 50)));
        } else {
            self.wrap(&layer);
        }
        self.lender(limiter.clone());
        self.knob(move |dice| Ok(limiter.reconfigure(rates(&clock, dice)?)?));
        Ok(())
    }

    fn retry(&mut self, dice: &Dice) -> Result<(), BoxError> {
        let budget = RetryBudget::builder("soak").clock(self.clock.clone());
        let policy = attempts(dice).budget(budget.build()?).build()?;
        self.wrap(&policy.layer());
        self.knob(move |dice| {
            let budget = RetryBudget::builder("soak").ratio(f64::from(dice.between(1, 10)) / 10.0);
            policy.budget().reconfigure(budget)?;
            Ok(policy.reconfigure(attempts(dice))?)
        });
        Ok(())
    }
}

fn slots(clock: &Clock, dice: &Dice) -> ConcurrencyLimiterBuilder {
    let places = dice.between(1, 20);
    let queue = match dice.roll(4) {
        0 => Queue::none(),
        1 => Queue::fifo(places),
        2 => Queue::adaptive_lifo(places),
        _ => Queue::codel(places),
    };
    ConcurrencyLimiter::builder("soak", number(dice, 20))
        .clock(clock.clone())
        .queue(queue.max_wait(dice.millis(5, 50)))
}

fn rates(clock: &Clock, dice: &Dice) -> Result<RateLimiterBuilder, BoxError> {
    let quota = Quota::per(Duration::from_secs(1), number(dice, 5_000))?;
    Ok(RateLimiter::builder("soak", quota)
        .clock(clock.clone())
        .max_waiting(dice.between(1, 50)))
}

fn attempts(dice: &Dice) -> RetryPolicyBuilder {
    RetryPolicy::builder("soak")
        .max_attempts(dice.between(1, 4))
        .base(dice.millis(1, 3))
        .throttled_base(dice.millis(1, 3))
        .per_try_timeout(dice.millis(1, 20))
}
