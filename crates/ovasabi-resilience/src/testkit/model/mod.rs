//! Slow models that are obviously right, to hold fast things against.
//!
//! The engines of this crate count in single words, without locks, and in buckets. Each has a model here that keeps a
//! list of everything and looks through all of it, with a time that is moved by hand. The crate's own property tests
//! hold the engines against these models; a property test of yours can hold against them what you have built: that a
//! quota of a tenant is the one in the configuration, that a breaker sees the failures that your classifier reports.
//!
//! | model | of |
//! |---|---|
//! | [`TokenBucket`] | [`RateLimiter`](crate::rate_limit::RateLimiter), one key of a [`KeyedRateLimiter`](crate::rate_limit::KeyedRateLimiter) |
//! | [`Breaker`] | [`CircuitBreaker`](crate::breaker::CircuitBreaker): window, rules, breaks and probes |
//! | [`Limiter`] | [`ConcurrencyLimiter`](crate::concurrency::ConcurrencyLimiter) with a fixed limit, its queue and its reserves |
//! | [`Budget`] | `RetryBudget` |
//! | [`Pauses`] | `Exponential` with every jitter |
//!
//! ```
//! use std::num::NonZeroU32;
//! use std::time::Duration;
//! use ovasabi_resilience::rate_limit::{Quota, RateLimiter};
//! use ovasabi_resilience::testkit::{Clock, model::TokenBucket};
//!
//! let quota: Quota = "600/1m burst 3".parse()?;
//! let (clock, hand) = Clock::manual();
//! let limiter = RateLimiter::builder("tenant", quota).clock(clock).build()?;
//! let mut model = TokenBucket::new(quota);
//! for pause in [0, 0, 0, 0, 99, 1, 50, 400, 0, 0, 0, 0] {
//!     let pause = Duration::from_millis(pause);
//!     hand.advance(pause);
//!     model.pass(pause);
//!     assert_eq!(limiter.check().is_ok(), model.take(1).is_ok());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A model is for one thread, is slow on purpose, and panics where its rules make no sense. Nothing in it is an
//! engine of ours in disguise.

mod breaker;
mod budget;
mod limiter;
mod pauses;
mod token_bucket;

use std::time::Duration;

pub use breaker::{Admission, Breaker, BreakerRules};
pub use budget::{Budget, BudgetRules};
pub use limiter::{Fate, Limiter, LimiterRules, Order};
pub use pauses::Pauses;
pub use token_bucket::{TokenBucket, Wait};

/// More than a [`Duration`] holds is as much as it holds.
fn nanos(nanos: u128) -> Duration {
    const SECOND: u128 = 1_000_000_000;
    match (u64::try_from(nanos / SECOND), u32::try_from(nanos % SECOND)) {
        (Ok(seconds), Ok(rest)) => Duration::new(seconds, rest),
        _ => Duration::MAX,
    }
}
