//! Rate limits.

use std::num::NonZeroU32;
use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::time::{Clock, ClockHand};
use ovasabi_resilience::rate_limit::{Quota, RateLimiter};

mod direct;
mod headers;
mod key;
mod keyed;
mod layer;
mod live;
#[cfg(feature = "testkit")]
mod model;
mod text;
mod waiting;
mod waiting_layer;

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

/// One every `interval`, and `burst` at once.
fn quota(interval: Duration, burst: u32) -> Quota {
    let even = Quota::one_every(interval).unwrap();
    even.with_burst(n(burst)).unwrap()
}

/// How many of `tries` are admitted.
fn admitted(tries: u32, mut check: impl FnMut() -> Result<(), Rejection>) -> u32 {
    (0..tries).map(|_| u32::from(check().is_ok())).sum()
}
