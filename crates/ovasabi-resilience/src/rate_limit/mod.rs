//! So much and no more: GCRA rate limits, for one thing or for each of many keys.
//!
//! A map of buckets that grows with every key is a gift to whoever sends random ones, and one that evicts
//! under pressure hands attackers a fresh allowance. Here:
//!
//! * a [`Quota`] says what it means: `per_second(10)` is ten a second, evenly spread, with a burst of ten;
//! * [`RateLimiter`] is one bucket in one word; [`KeyedRateLimiter`] has one per key in **bounded** memory:
//!   18 bytes a key, no janitor task. A place is reused only when its key is as good as new. When all
//!   places of a new key are taken by live ones, it is refused or shares one bucket with its like
//!   ([`WhenFull`]); nobody who is being limited is ever forgotten;
//! * a refusal says exactly when to come back; a cost that can never fit is refused for good.
//!
//! The decision is governor's ([GCRA](https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm)); the
//! bounded store is ours.
//!
//! ```
//! use std::num::NonZeroU32;
//! use ovasabi_core::time::Clock;
//! use ovasabi_resilience::rate_limit::{Quota, RateLimiter};
//!
//! let (clock, hand) = Clock::manual();
//! let two_a_second = Quota::per_second(NonZeroU32::new(2).unwrap());
//! let limiter = RateLimiter::builder("signup", two_a_second).clock(clock).build()?;
//! assert!(limiter.check().is_ok() && limiter.check().is_ok());
//! let refused = limiter.check().unwrap_err();
//! hand.advance(refused.retry_delay().unwrap());
//! assert!(limiter.check().is_ok());
//! # Ok::<(), ovasabi_resilience::config::ConfigError>(())
//! ```
//!
//! As a layer it belongs outside the expensive work and inside authentication, when it is keyed by who is
//! calling. Behind a load balancer each process has a limiter of its own: `n` of them admit `n` times the
//! quota.

mod acquire;
mod bucket;
mod config;
mod counts;
mod engine;
pub mod future;
mod gate;
mod handle;
mod headers;
pub mod key;
mod keyed;
mod layer;
mod live;
#[cfg(all(test, ovasabi_loom))]
mod loom_models;
mod queue;
mod quota;
mod service;
mod shared;
mod standing;
mod store;
mod sync;
mod text;

pub use config::{KeyedRateLimiterBuilder, RateLimiterBuilder};
pub use gate::{Gate, Keyed, WhenMissing};
pub use handle::RateLimiter;
pub use headers::{DraftHeaders, Headers, NoHeaders, WriteHeaders};
pub use keyed::{KeyedRateLimiter, WhenFull};
pub use layer::{AtOnce, InTurn, KeyedRateLimitLayer, RateLimitLayer};
pub use quota::{Quota, QuotaError};
pub use service::RateLimitService;
pub use shared::TARGET;
pub use standing::Standing;
pub use text::ParseQuotaError;

/// Compiles the examples of the guide's page.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../../docs/rate-limit.md")]
struct Guide;
