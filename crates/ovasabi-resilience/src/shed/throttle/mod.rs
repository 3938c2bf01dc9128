//! Refuses on the client's side what the service would refuse anyway.
//!
//! Even a refusal costs the service that says it. When most of a client's requests are refused, it is kinder,
//! and faster, not to send all of them. A [`Throttle`] counts how many requests there were and how many of
//! them the service *accepted*, and refuses by itself, at random, as many as are beyond what the service takes.
//!
//! # The rule
//!
//! * A request is refused with the probability `max(0, (requests − K·accepts) / (requests + 1))`, `K` being the
//!   [`multiplier`](ThrottleBuilder::multiplier), once the window holds
//!   [`minimum_requests`](ThrottleBuilder::minimum_requests). With `K` = 2 nothing is refused until half of the
//!   requests are not accepted.
//! * `requests` are those that ended, and those that it refused itself; `accepts` are successes. Failures and
//!   throttled calls are accepts only where the builder says so; what was dropped, or refused by a layer of ours
//!   behind it, counts for nothing.
//! * The window slides by tenths: it recovers by itself, as successes come in and failures drop out.
//! * While it may refuse, the draw is made when the service is asked whether it is ready, once for each call, so
//!   that a service that is stuck does not hold up the call that is refused anyway.
//!
//! ```
//! use ovasabi_core::admit::Settle;
//! use ovasabi_core::classify::Class;
//! use ovasabi_core::reject::RejectKind;
//! use ovasabi_resilience::shed::Throttle;
//!
//! let throttle = Throttle::builder("payments").minimum_requests(10).build()?;
//! throttle.try_acquire()?.settle(Class::Success); // accepted
//! for _ in 0..998 {
//!     if let Ok(permit) = throttle.try_acquire() {
//!         permit.settle(Class::Throttled);
//!     }
//! }
//! assert!(throttle.rejection_rate() > 0.99);
//! let refused = (0..1_000).find_map(|_| throttle.try_acquire().err());
//! assert_eq!(refused.map(|refusal| refusal.kind()), Some(RejectKind::Shed));
//! # Ok::<(), ovasabi_core::Error>(())
//! ```
//!
//! # Where it belongs
//!
//! On the client, outside of retries: a request that is tried three times is one request, and one that is
//! refused here is not tried at all. One for each service, not for each host of it.
//!
//! # What it costs
//!
//! One clock read and one locked addition; a second one to draw, while it refuses. No allocation. Without the
//! reference count of the handle after [`Throttle::leak`].
//!
//! # What goes wrong in deployment
//!
//! * A breaker behind it that is open: its refusals count for nothing here, so it is the breaker that refuses.
//! * A client that sends a request a minute: the window never holds the minimum, and nothing is refused. It
//!   does no harm either.
//! * A service whose 429 is about one user's quota: see
//!   [`accept_throttled`](ThrottleBuilder::accept_throttled).
//!
//! Source: B. Beyer and others, *Site Reliability Engineering*, ch. 21, "Client-Side Throttling". It counts
//! requests when they are sent; here they count when they end, so that a burst of slow ones is no overload.

mod builder;
mod config;
mod engine;
mod handle;
#[cfg(all(test, ovasabi_loom))]
mod loom_models;
mod shared;
mod snapshot;
mod window;

pub use builder::ThrottleBuilder;
#[cfg(feature = "stack")]
pub(crate) use engine::Ticket;
pub use handle::Throttle;
pub use snapshot::{Snapshot, Totals};

/// The `tracing` target of throttles: one event when refusals begin after ten seconds without any.
pub const TARGET: &str = "ovasabi::throttle";
