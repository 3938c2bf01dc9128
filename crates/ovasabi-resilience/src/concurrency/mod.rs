//! At most so many at once.
//!
//! Work beyond what a service can do at once does not make it faster: it waits inside, holds memory, and
//! times out together. A [`ConcurrencyLimiter`] counts what is under way and refuses the rest.
//!
//! * Admission is in `call`: a ready clone that is kept idle holds nothing.
//! * The slot returns exactly once: when the response arrives, or with `.until_body_end()` at its last byte,
//!   its trailers, a body error; and always when the call is dropped or panics.
//! * Lowering the limit does not touch what is under way: slots are retired as they return.
//!
//! ```
//! use std::num::NonZeroU32;
//! use ovasabi_resilience::concurrency::ConcurrencyLimiter;
//!
//! let limiter = ConcurrencyLimiter::builder("reports", NonZeroU32::MIN).build()?;
//! let permit = limiter.try_acquire()?;
//! assert!(limiter.try_acquire().is_err());
//! drop(permit);
//! assert!(limiter.try_acquire().is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! On a server it belongs inside load shedding and outside the handler, with `.until_body_end()` where
//! answers stream; on a client next to the transport. Size it from a load test: twice what the service
//! needs at its best throughput (Little's law: rate times latency) leaves room for the unlucky.

mod config;
pub mod future;
mod handle;
mod layer;
mod service;

pub use config::ConcurrencyLimiterBuilder;
pub use handle::{ConcurrencyLimiter, Permit};
pub use layer::ConcurrencyLimitLayer;
pub use service::ConcurrencyLimitService;

/// Compiles the examples of the guide's page.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../../docs/concurrency.md")]
struct Guide;
