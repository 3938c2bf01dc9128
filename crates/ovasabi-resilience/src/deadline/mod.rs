//! Nobody waits for ever: limits on the time of a call.
//!
//! A call that nobody limits holds its task, its connection and its slots for as long as the slowest service
//! behind it likes, and its caller has long gone. A [`Deadline`] gives calls a time, cuts them off when it is
//! up, and can tell those inside beforehand.
//!
//! # The rule
//!
//! * A call has the smaller of two times: the [`limit`](Deadline::limit), and what its caller has left (the
//!   deadline of its [`Context`](ovasabi_core::Context), which the classifier reads).
//! * **Total or per attempt.** [`Deadline::total`] is for the whole call: its end blames nobody
//!   (`DeadlineExceeded`). [`Deadline::per_attempt`] is for one: the service was too slow (`TimedOut`), which a
//!   breaker around it counts and a retry tries again. The caller's deadline is `DeadlineExceeded` in both.
//! * A call whose time is over is refused before it starts. When time is up later, the call inside is dropped
//!   first and the refusal is answered after. A panic inside stays a panic.
//! * **From where to where.** Its own time runs from when somebody first has to wait, so a call that is
//!   answered at once needs neither a clock nor a timer; to the head of the response. On demand also over the
//!   [wait for readiness](DeadlineLayer::cover_readiness) before it, over the
//!   [body](DeadlineLayer::until_body_end) after it, or over each [pause](DeadlineLayer::follow_body) of that.
//! * Those inside are told on demand: [`propagate`](DeadlineLayer::propagate), less a margin for the way.
//!
//! ```
//! use std::convert::Infallible;
//! use std::time::Duration;
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use ovasabi_resilience::deadline::Deadline;
//! use tower::{Service, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let slow = service_fn(async |request: Request<u64>| {
//!     tokio::time::sleep(Duration::from_secs(request.into_body())).await;
//!     Ok::<_, Infallible>(Response::new(Bytes::from_static(b"done")))
//! });
//! let deadline = Deadline::total("reports", Duration::from_secs(2)).build()?;
//! let mut service = deadline.layer().responding().wrap(slow);
//!
//! let accepted = service.ready().await?.call(Request::new(1)).await?;
//! assert_eq!(accepted.status(), 200);
//! let refused = service.ready().await?.call(Request::new(60)).await?;
//! assert_eq!(refused.status(), 504);
//! assert_eq!(deadline.totals().head_own, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Where it belongs
//!
//! On a server near the outside, inside the layer that makes the `Context`. On a client a total around
//! everything, and one per attempt next to the transport, inside of the breaker.
//!
//! # What it costs
//!
//! A call that is answered at once: two atomic operations for the reference count of the handle (none after
//! [`Deadline::leak`]), and a clock read if its caller brings a deadline. One that has to wait: a clock read and
//! a timer, as with tokio's own time-out. A body that is followed: a clock read for each pause, and for each
//! frame if its total is limited; a timer is moved at most once in an idle time. No allocation anywhere, except
//! for what those inside are told.
//!
//! # What goes wrong in deployment
//!
//! * A total inside a breaker, and none per attempt: a service that hangs never opens it.
//! * An inner limit above the outer one: it never acts.
//! * A poll that works instead of waiting: nothing can stop it before it returns.
//! * One limit for one attempt and for all: the second has no time left.
//! * A body that is watched by nobody: the head was in time, and the download hangs for ever.
//!
//! Sources: gRPC guides, "Deadlines"; Google SRE book, ch. 22 (deadline propagation); Go `context`; tower-http
//! `timeout`; Envoy route and stream-idle timeouts.

mod body;
mod builder;
mod follow;
pub mod future;
mod handle;
mod inspect;
mod layer;
mod limit;
mod numbers;
mod propagate;
mod readiness;
mod service;
mod shared;
mod ticket;
mod timer;
mod totals;

pub use body::{DeadlineBody, Watch};
pub use builder::DeadlineBuilder;
pub use follow::{Follow, WhileIdle};
pub use handle::Deadline;
pub use layer::DeadlineLayer;
pub use limit::{LimitOf, SameForAll};
pub use propagate::{Propagate, ToContext, Untold};
pub use readiness::{ReadyInCall, ReadyInCallLayer};
pub use service::DeadlineService;
pub use totals::Totals;

/// The `tracing` target of changes to the numbers.
pub const TARGET: &str = "ovasabi::deadline";

/// Compiles the examples of the guide's page.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../../docs/deadline.md")]
struct Guide;
