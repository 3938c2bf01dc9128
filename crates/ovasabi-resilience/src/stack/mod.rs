//! Ready stacks: the parts in the one order that works, as one service.
//!
//! Five layers that are composed by hand are five futures, five counted references and as many looks at the
//! clock, and their order is a riddle: a retry inside of a breaker hides every failure but the last, a rate limit
//! inside of a retry lets a dead service eat the quota. A stack has one order, says it ([`ClientStack::explain`]),
//! and runs the same engines behind one pointer, in one future, with one look at the clock at each end.
//!
//! # The order
//!
//! * **Client**: deadline → throttle → rate limit → retry with budget → breaker → timeout of an attempt → concurrency →
//!   the service.
//! * **Server**: slot [`Edge`](Slot::Edge) → deadline → load shed → concurrency, both until the last byte → slot
//!   [`Auth`](Slot::Auth) → rate limit → slot [`Policy`](Slot::Policy) → the service.
//!
//! A configuration may state the order, so that a reader sees it; any other one is refused, with each pair that
//! stands the wrong way round and what it would do ([`Order`]).
//!
//! ```
//! use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use ovasabi_resilience::stack::{ClientConfig, Stack};
//! use tower::{BoxError, Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), BoxError> {
//! let stack = Stack::http_client("payments").build()?;
//! assert!(stack.explain().contains("4. retry        up to 3 attempts"));
//!
//! let transport = service_fn(async |_: Request<()>| Ok::<_, BoxError>(Response::new(())));
//! let accepted = stack.layer().layer(transport).oneshot(Request::new(())).await?;
//! assert_eq!(accepted.status(), 200);
//!
//! stack.breaker().unwrap().force(ovasabi_resilience::breaker::Mode::ForcedOpen);
//! let refused = stack.layer().layer(transport).oneshot(Request::new(())).await.unwrap_err();
//! assert!(ovasabi_core::Rejection::find(&refused).is_some());
//! # Ok(())
//! # }
//! ```
//!
//! # Numbers
//!
//! All of them have defaults, and all of them can come from a typed configuration ([`ClientConfig`],
//! [`ServerConfig`]: unknown keys are refused) and be changed under load ([`ClientStack::reload`]): windows, slots,
//! budgets and counters stay. What would change the shape, a part turned on or off, is refused.
//!
//! # What it costs
//!
//! No allocation. One clone of a counted reference, one locked operation for each part that counts (two for
//! concurrency), one look at the clock, one more where a latency is needed. A timer is made at the first
//! `Pending`.
//!
//! # What goes wrong in deployment
//!
//! * One stack for all hosts: one dead host out of ten opens the breaker for nine. Make one for each.
//! * A budget for each stack of one service: share it ([`ClientStackBuilder::with_budget`]).
//! * A timeout near the deadline: the first slow attempt leaves no time for another.
//!
//! Sources: Google SRE book, ch. 21–22; Finagle's and Polly's standard pipelines for the order.

mod again;
mod call;
mod client;
mod config;
mod error;
mod explain;
pub mod future;
mod gate;
mod guard;
mod limit;
mod order;
mod part;
mod patience;
mod run;
mod server;
mod service;
mod step;

use ovasabi_core::reject::Name;

pub use client::{ClientLayer, ClientService, ClientStack, ClientStackBuilder};
pub use config::{
    BreakerConfig, ClientConfig, ConcurrencyConfig, LoadShedConfig, RateLimitConfig, RetryConfig,
    ServerConfig, ThrottleConfig,
};
pub use error::{StackError, StackProblem};
pub use gate::{ByKey, Entrance, Gate};
pub use order::{Order, OrderError};
pub use part::Part;
pub use server::{
    AuthSlot, EdgeSlot, Place, PolicySlot, ServerLayer, ServerStack, ServerStackBuilder, Slot,
};
pub use service::RunService;

/// Where stacks begin.
#[derive(Clone, Copy, Debug)]
pub struct Stack(());

impl Stack {
    /// Starts to build the stack of a client that calls one service, with this name, which shows in rejections,
    /// metrics and logs.
    pub fn http_client(name: impl Into<Name>) -> ClientStackBuilder {
        ClientStackBuilder::new(name.into())
    }

    /// Starts to build the stack of a server.
    pub fn http_server(name: impl Into<Name>) -> ServerStackBuilder {
        ServerStackBuilder::new(name.into())
    }
}

/// Compiles the examples of the page.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../../docs/stack.md")]
struct Page;
