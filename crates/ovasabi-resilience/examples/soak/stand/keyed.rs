//! Policies by key: there are more keys than places, and they come and go.

use std::num::NonZeroUsize;
use std::time::Duration;

use http::Request;
use ovasabi_core::time::Clock;
use ovasabi_resilience::keyed::{self, KeyedCircuitBreaker, KeyedCircuitBreakerBuilder};
use ovasabi_resilience::rate_limit::{
    self, KeyedRateLimiter, KeyedRateLimiterBuilder, Quota, RateLimitLayer,
};
use tower::BoxError;

use super::breaker::{Row, numbers, upset};
use super::{Stand, number};
use crate::dice::Dice;

/// How many keys there are.
pub(crate) const KEYS: u64 = 300;

/// The path of the request that is meant for a key.
pub(crate) fn path(key: u64) -> String {
    format!("/{key}")
}

pub(super) fn key(request: &Request<()>) -> String {
    request.uri().path().to_owned()
}

impl Stand {
    pub(super) fn breaker_of_each_key(&mut self, dice: &Dice) -> Result<(), BoxError> {
        let (clock, row) = (self.clock.clone(), Row::random(dice));
        let capacity = capacity(dice);
        let hosts = breakers(capacity, row, &clock, dice).build()?;
        let layer = hosts.layer(key as fn(&Request<()>) -> String);
        if dice.one_in(2) {
            self.wrap(&layer.until_body_end());
        } else {
            self.wrap(&layer);
        }
        self.lender(hosts.clone());
        self.hosts.push((hosts.clone(), row));
        self.knob(move |dice| {
            if dice.one_in(2) {
                hosts.reconfigure(breakers(capacity, row, &clock, dice))?;
            } else {
                upset(&hosts.get(&path(dice.roll(KEYS))), dice);
            }
            Ok(())
        });
        Ok(())
    }

    pub(super) fn rate_of_each_key(&mut self, dice: &Dice) -> Result<(), BoxError> {
        let limiter = self.quota_of_each_key(dice)?;
        let layer = RateLimitLayer::keyed(limiter, |request: &Request<()>| key(request));
        if dice.one_in(2) {
            self.wrap(&layer.waiting(dice.millis(1, 50)));
        } else {
            self.wrap(&layer);
        }
        Ok(())
    }

    /// A limiter whose quota changes.
    pub(super) fn quota_of_each_key(
        &mut self,
        dice: &Dice,
    ) -> Result<KeyedRateLimiter<String>, BoxError> {
        let (clock, capacity) = (self.clock.clone(), capacity(dice));
        let limiter = rates(capacity, &clock, dice)?.build()?;
        self.lender(limiter.clone());
        let knob = limiter.clone();
        self.knob(move |dice| Ok(knob.reconfigure(rates(capacity, &clock, dice)?)?));
        Ok(limiter)
    }
}

/// Too few for all keys, or enough.
fn capacity(dice: &Dice) -> usize {
    if dice.one_in(4) {
        1_024
    } else {
        number(dice, 64).get() as usize
    }
}

fn breakers(
    capacity: usize,
    row: Row,
    clock: &Clock,
    dice: &Dice,
) -> KeyedCircuitBreakerBuilder<String> {
    let when_full = if dice.one_in(2) {
        keyed::WhenFull::Share
    } else {
        keyed::WhenFull::Pass
    };
    KeyedCircuitBreaker::builder("soak")
        .capacity(capacity)
        .when_full(when_full)
        .forget_after(Duration::from_secs(dice.between(1, 3).into()))
        .each(|_| numbers(row, clock, dice))
}

fn rates(
    capacity: usize,
    clock: &Clock,
    dice: &Dice,
) -> Result<KeyedRateLimiterBuilder<String>, BoxError> {
    let when_full = if dice.one_in(2) {
        rate_limit::WhenFull::SharedBucket
    } else {
        rate_limit::WhenFull::Deny
    };
    let quota = Quota::per(Duration::from_secs(1), number(dice, 500))?;
    Ok(KeyedRateLimiter::builder("soak", quota)
        .clock(clock.clone())
        .capacity(NonZeroUsize::new(capacity).unwrap_or(NonZeroUsize::MIN))
        .max_waiting(dice.between(0, 50))
        .when_full(when_full))
}
