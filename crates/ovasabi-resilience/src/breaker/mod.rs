//! Stops calling a service that is down, and finds out when it is back.
//!
//! A caller that keeps calling a dead service waits out its timeouts, holds its own threads and connections
//! meanwhile, and meets the service with full load in the moment it recovers. A [`CircuitBreaker`] watches
//! the results, refuses at once while they are bad, and lets a few probes decide when to begin again.
//!
//! # The rule
//!
//! * **Closed**: all calls go through and are counted in a [sliding window](Window). It opens when any rule is
//!   broken: so many failures in a row; the share of failures; the share of slow calls. Shares count once
//!   the window holds a minimum of calls. The rules are asked after every call.
//! * **Open**: all calls are refused, for a while that grows with each break in a row and is spread by
//!   jitter. A refusal says exactly how long.
//! * **Half open**: a fixed number of probes goes through, the rest is refused. They decide as early as the
//!   remaining ones cannot change it. A probe that is dropped or says nothing makes place for another; one
//!   that never comes back loses its lease.
//! * [`Class::Throttled`](ovasabi_core::classify::Class::Throttled) counts for shares and probes, not for a
//!   run. [`Class::Ignored`](ovasabi_core::classify::Class::Ignored) and dropped calls count for nothing, a
//!   panic of the service is a failure, and a result that comes after a transition is void.
//! * Calls that hang count before they end, where
//!   [`count_slow_in_flight`](CircuitBreakerBuilder::count_slow_in_flight) says so.
//! * A service that says how long to leave it alone is left alone by all callers, where
//!   [`honour_retry_after`](CircuitBreakerBuilder::honour_retry_after) says so.
//! * From outside it can be [forced](CircuitBreaker::force), [tripped](CircuitBreaker::trip),
//!   [reset](CircuitBreaker::reset), [watched](CircuitBreaker::changes) and
//!   [given other numbers](CircuitBreaker::reconfigure).
//!
//! ```
//! use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use ovasabi_resilience::breaker::CircuitBreaker;
//! use tower::{Service, ServiceExt, service_fn};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let breaker = CircuitBreaker::builder("reports").consecutive_failures(1).build().unwrap();
//! let failing = service_fn(async |_: Request<Bytes>| {
//!     Ok::<_, Infallible>(Response::builder().status(500).body(Bytes::from_static(b"oh no")).unwrap())
//! });
//! let mut service = breaker.layer().responding().wrap(failing);
//!
//! let accepted = service.ready().await?.call(Request::default()).await?;
//! assert_eq!(accepted.status(), 500);
//! let refused = service.ready().await?.call(Request::default()).await?;
//! assert_eq!(refused.status(), 503);
//! assert_eq!(refused.headers()["content-type"], "application/problem+json");
//! # Ok::<(), Infallible>(())
//! # }).unwrap();
//! ```
//!
//! # Where it belongs
//!
//! On the client side, one for each thing that fails by itself: a host, or an endpoint under a balancer
//! ([`keyed`](crate::keyed) keeps many; under a balancer it should [wait](ReadyMode::Wait)). Inside of retries, so that each attempt counts and an open breaker
//! ends them; outside of the timeout of one attempt, so that a timeout counts as a failure.
//!
//! # What it costs
//!
//! While closed: one clock read for a time window, one locked addition for the result, two for the reference
//! count of the handle (none after [`CircuitBreaker::leak`]), no allocation, whatever the load.
//! Counters are read by those who ask ([`Inspect`](ovasabi_core::inspect::Inspect)), and a transition is one
//! `tracing` event with the target [`TARGET`].
//!
//! # What goes wrong in deployment
//!
//! * One breaker for many hosts: one dead host out of ten opens nothing, or everything.
//! * A minimum of calls that a quiet client never reaches within the window. Use a run of failures as well.
//! * A `probe_lease` shorter than the timeout of the calls behind it: every slow probe is void.
//! * 404 counted as a failure. [`HttpClassify`](ovasabi_core::classify::HttpClassify) does not.
//! * A balancer over breakers that reject: an endpoint that is down looks idle. Use [`ReadyMode::Wait`].
//! * A breaker where load shedding is meant: it reacts to failures, after they have hurt.
//!
//! Sources: M. Nygard, *Release It!*, 2nd ed., ch. 5; resilience4j `CircuitBreaker` (states, rates, slow calls);
//! sony/gobreaker (generations); linkerd2-proxy (throttled calls, growing breaks); resilience4j#1597 (slow calls
//! in flight).

mod builder;
mod calls;
mod config;
mod events;
pub mod future;
mod half_open;
mod handle;
mod idle;
mod in_flight;
mod inspect;
mod layer;
mod permit;
mod ready;
mod rules;
mod service;
mod shared;
mod snapshot;
mod state;
mod sync;
mod tally;
mod ticket;
mod transition;
mod window;
mod word;

pub use builder::CircuitBreakerBuilder;
#[cfg(feature = "testkit")]
pub(crate) use config::Length;
pub use config::Window;
pub use events::{Changes, TARGET};
pub use handle::CircuitBreaker;
pub(crate) use idle::Seen;
pub use layer::CircuitBreakerLayer;
pub use permit::Permit;
pub use ready::ReadyMode;
pub use service::CircuitBreakerService;
pub use snapshot::{Snapshot, Totals, WindowCounts};
pub(crate) use ticket::Ticket;
pub use transition::{Cause, Mode, State, Transition};

/// Compiles the examples of the page.
#[cfg(doctest)]
#[doc = include_str!("../../../../docs/circuit-breaker.md")]
struct Page;
