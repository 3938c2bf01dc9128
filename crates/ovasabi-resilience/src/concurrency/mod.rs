//! At most so many at once.
//!
//! Work beyond what a service can do at once does not make it faster: it waits inside, holds memory, and
//! times out together. A [`ConcurrencyLimiter`] counts what is under way and refuses the rest, or lets it wait
//! in a short queue.
//!
//! # The rule
//!
//! * Admission is in `call`: a ready clone that is kept idle holds nothing.
//! * The slot returns exactly once: when the response arrives, or with `.until_body_end()` at its last byte,
//!   its trailers, a body error; and always when the call is dropped or panics.
//! * Lowering the limit does not touch what is under way: slots are retired as they return. Raising it lets in
//!   those who wait.
//! * The limit is [fixed](ConcurrencyLimiter::builder), or [adapts](ConcurrencyLimiter::adaptive): after each
//!   window of calls a [`LimitAlgorithm`] such as [`Gradient2`] moves it by what their latencies say, within
//!   bounds, and never up on the strength of calls that hardly used it.
//! * Who finds no slot is refused, or waits in the [`Queue`] of the limiter where [`ConcurrencyLimiter::acquire`]
//!   or a [queued](ConcurrencyLimitLayer::queued) layer asks. A slot that returns is handed to who waits; nobody
//!   of the same priority passes. No one waits past its deadline, and no one starts whose caller has gone.
//! * A higher [`Priority`](ovasabi_core::classify::Priority) is served first, displaces lower ones from a full
//!   queue, and may have slots [of its own](ConcurrencyLimiterBuilder::reserve).
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
//! # Where it belongs
//!
//! On a server inside load shedding and outside the handler, with `.until_body_end()` where answers stream; on
//! a client next to the transport. Size a fixed one from a load test: twice what the service needs at its best
//! throughput (Little's law: rate times latency) leaves room for the unlucky.
//!
//! # What it costs
//!
//! A fixed limit: two locked operations a call and no clock. An adaptive one: one more, and two reads of the
//! clock. Two more for the reference count of the handle, none after [`ConcurrencyLimiter::leak`]. No
//! allocation, unless a call waits. An adaptive limiter has 7 KB for its samples.
//!
//! # What goes wrong in deployment
//!
//! * A limit of thousands, which never refuses. A queue of thousands, which turns an overload into a delay.
//! * Slots until the head, where the work is in the body.
//! * One adaptive limiter before calls of very different length: the mix is what it learns.
//!
//! Sources: Netflix concurrency-limits (Gradient2, AIMD, application-limited guard); B. Maurer, *Fail at Scale*,
//! ACM Queue 13(8), 2015, and RFC 8289 (queues); failsafe-go and Envoy (priorities, ageing of the baseline, epochs).

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
pub use algorithm::{Aimd, Gradient2, LimitAlgorithm, Vegas};
pub use builder::ConcurrencyLimiterBuilder;
pub use events::TARGET;
pub use handle::ConcurrencyLimiter;
pub use layer::ConcurrencyLimitLayer;
pub use permit::Permit;
pub use queue::Queue;
pub use queued::{ConcurrencyQueueLayer, ConcurrencyQueueService};
pub use service::ConcurrencyLimitService;
#[cfg(feature = "stack")]
pub(crate) use ticket::Ticket;

/// Compiles the examples of the guide's page.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../../docs/concurrency.md")]
struct Guide;
