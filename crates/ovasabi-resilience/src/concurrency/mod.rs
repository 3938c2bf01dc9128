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

mod acquire;
mod adaptive;
mod algorithm;
mod builder;
mod config;
mod engine;
mod events;
pub mod future;
mod handle;
mod inspect;
mod layer;
mod level;
mod permit;
mod queue;
mod queued;
mod service;
mod shared;
mod slots;
mod sync;
mod tally;
pub(crate) mod ticket;

pub use acquire::Acquire;
pub use adaptive::WindowStats;
pub use algorithm::{Aimd, Gradient2, LimitAlgorithm};
pub use builder::ConcurrencyLimiterBuilder;
pub use events::TARGET;
pub use handle::ConcurrencyLimiter;
pub use layer::ConcurrencyLimitLayer;
pub use permit::Permit;
pub use queue::Queue;
pub use queued::{ConcurrencyQueueLayer, ConcurrencyQueueService};
pub use service::ConcurrencyLimitService;

/// Compiles the examples of the guide's page.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../../docs/concurrency.md")]
struct Guide;
