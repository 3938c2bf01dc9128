//! Rate limits.

use std::num::NonZeroU32;
use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::time::{Clock, ClockHand};
use ovasabi_resilience::rate_limit::{Quota, RateLimiter};

mod direct;
mod keyed;
mod layer;
mod model;

const NS: Duration = Duration::from_nanos(1);
const MS: Duration = Duration::from_millis(1);
const SEC: Duration = Duration::from_secs(1);

fn n(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

/// A limiter over a clock that stands still.
fn limiter(quota: Quota) -> (RateLimiter, ClockHand) {
    let (clock, hand) = Clock::manual();
    let limiter = RateLimiter::builder("test", quota).clock(clock).build();
    (limiter.unwrap(), hand)
}

/// How many of `tries` are admitted.
fn admitted(tries: u32, mut check: impl FnMut() -> Result<(), Rejection>) -> u32 {
    (0..tries).map(|_| u32::from(check().is_ok())).sum()
}
