//! So much and no more: GCRA rate limits, for one thing or for each of many keys.
//!
//! A map of buckets that grows with every key is a gift to whoever sends random ones, and one that evicts
//! under pressure hands attackers a fresh allowance. A sleep in front of a limit lets late comers pass early
//! ones. Here:
//!
//! * a [`Quota`] says what it means: `per_second(10)` is ten a second, evenly spread, with a burst of ten;
//! * [`RateLimiter`] is one bucket in one word; [`KeyedRateLimiter`] has one per key in **bounded** memory: 30
//!   bytes a key, no janitor task. A key may take any place in two lines of eight; a place is reused only when
//!   its key is as good as new. When all places of a new key are taken by live ones, it is refused or shares
//!   one bucket with its like ([`WhenFull`]); nobody who is being limited is ever forgotten;
//! * a refusal says exactly when to come back; a cost that can never fit is refused for good;
//! * [`waiting`](RateLimitLayer::waiting) is first come, first served. Whoever waits has taken its units in
//!   advance, so nobody passes it. Whoever leaves gives them back, and those behind move up;
//! * the quota [changes live](RateLimiter::set_quota), without a lock on the way of a check. What is taken
//!   stays taken, in units;
//! * [`headers`](RateLimitLayer::headers) tell clients where they stand; [`key`] finds out whom to limit.
//!
//! The decision is [GCRA](https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm), equal to governor's to
//! the nanosecond.
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
//! # Where it belongs
//!
//! As a layer outside the expensive work, and inside authentication when it is keyed by who is calling. On the
//! client side, outside of retries if they are to count as one, inside if each attempt is to count.
//!
//! # What it costs
//!
//! One clock read and one compare-and-swap; no allocation, no reference count. With a key, one seeded `foldhash`
//! and, for nine keys in ten, one cache line more. Refusals are counted, admissions are not: the bucket is the
//! only word written.
//!
//! # What goes wrong in deployment
//!
//! * Each process has a limiter of its own: behind a balancer, `n` of them admit `n` times the quota.
//! * A key that the caller can choose: each request is a new caller. See [`key::ClientIp`].
//! * A capacity below the number of callers at once: watch `overflowed`; it should stand still.
//! * A limiter made anew in a handler or for each connection: it is full for each. Make it once.
//! * Waiting on a server whose clients give up sooner: the wait should be shorter than their timeout.
//!
//! Sources: ITU-T I.371 (GCRA), governor; draft-ietf-httpapi-ratelimit-headers; RFC 7239 (`Forwarded`).

mod acquire;
mod bucket;
mod buckets;
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
mod line;
mod live;
#[cfg(all(test, ovasabi_loom))]
mod loom_models;
#[cfg(all(test, ovasabi_loom))]
mod loom_queue;
mod queue;
mod quota;
mod seed;
mod service;
mod shared;
mod standing;
mod store;
mod sync;
mod text;
mod turn;

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
