//! Try again, within a budget.
//!
//! Retries help against single failures and turn a failing service into a dead one: three tiers with three
//! attempts each send 27 requests for one. A [`RetryPolicy`] has the numbers, and a [`RetryBudget`] that bounds
//! what all its calls together may add.
//!
//! # The rule
//!
//! These gates are asked in order, and the first one that is closed gives the result back:
//!
//! 1. May this result be tried again at all? (The classifier; our own refusals never, but for
//!    time-outs.)
//! 2. Is the request idempotent, or was it certainly not done? (429; a connection that was not made.)
//! 3. Are attempts left? (`max_attempts` counts the first.)
//! 4. Can the request be had once more? ([`Replay`]: by clone, without a body, or a body kept while it passed.)
//! 5. Is the pause that the server asks for acceptable?
//! 6. Is there time left for an attempt after the pause, before the deadline of the request's
//!    [`Context`](ovasabi_core::Context)?
//! 7. Does the [`RetryBudget`] allow one more? It gives a share of the requests that were sent, and a floor for
//!    quiet times, so that a service at 100 % failure sees at most that much more.
//! 8. With [`Overflow::Return`]: is the service ready for more?
//!
//! Then the result is dropped, with its connection, and the pause begins: full jitter, doubling up to a cap that
//! applies last. A further attempt that has to wait for the service past the deadline is not sent. What a server asks for is the least; the backoff adds to it.
//!
//! ```
//! use std::sync::atomic::{AtomicU32, Ordering};
//! use http::{Method, Request, Response};
//! use ovasabi_resilience::retry::RetryPolicy;
//! use tower::{BoxError, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), BoxError> {
//! static CALLS: AtomicU32 = AtomicU32::new(0);
//! let flaky = service_fn(|_: Request<String>| async {
//!     match CALLS.fetch_add(1, Ordering::Relaxed) % 2 {
//!         0 => Err::<Response<()>, BoxError>("reset by peer".into()),
//!         _ => Ok(Response::new(())),
//!     }
//! });
//! let policy = RetryPolicy::builder("payments").build()?;
//! let service = policy.layer().wrap(flaky);
//!
//! let get = Request::get("/").body(String::new())?;
//! assert!(service.clone().oneshot(get).await.is_ok());
//! assert_eq!(CALLS.load(Ordering::Relaxed), 2);
//!
//! // It may have been done: the error is given back, and counted.
//! let post = Request::post("/").body(String::new())?;
//! assert_eq!(service.oneshot(post).await.unwrap_err().to_string(), "reset by peer");
//! assert_eq!(policy.totals().not_idempotent, 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Where it belongs
//!
//! On the client side, outside the breaker and whatever else belongs to one attempt, and inside the total
//! deadline. One policy for each service that is called; where several call one service, they share a budget.
//!
//! # What it costs
//!
//! A call that succeeds at once: a clone of the service and of the policy's reference, two looks at the budget
//! (one locked operation while it is being filled), no clock, no timer, and what [`Replay`] costs. A timer is
//! made when an attempt with a `per_try_timeout` first has to wait. Counters are touched by failures only.
//!
//! # What goes wrong in deployment
//!
//! * Retries in every tier without budgets, which multiply.
//! * A budget for each request or each clone: it is never empty.
//! * An `Idempotency-Key` that the server ignores.
//! * A `per_try_timeout` close to the usual latency: it makes the load that it fears.
//! * A total deadline inside of the retries: each attempt has all of it.
//!
//! Sources: B. Beyer et al., *Site Reliability Engineering*, ch. 21; M. Brooker, "Exponential Backoff And
//! Jitter", 2015; Finagle (budget); AWS SDK standard mode 2.1 (class costs); linkerd2-proxy (body replay);
//! gRFC A6 (pushback, previous attempts).

mod attempt;
mod budget;
mod builder;
mod engine;
#[cfg(feature = "backoff")]
mod from_backoff;
pub mod future;
mod layer;
mod policy;
mod replay;
pub(crate) mod rules;
mod service;
mod shared;
mod tally;
pub(crate) mod ticket;

pub use attempt::{Attempt, GRPC_PREVIOUS_RPC_ATTEMPTS, MarkAttempts};
pub use budget::{RetryBudget, RetryBudgetBuilder, TARGET};
pub use builder::RetryPolicyBuilder;
#[cfg(feature = "backoff")]
pub use from_backoff::FromBackoff;
pub use layer::RetryLayer;
pub use policy::RetryPolicy;
pub use replay::{BufferedBody, ByClone, EmptyBody, KeptRequest, Replay, ReplayBody, Superseded};
pub use rules::Overflow;
pub use service::RetryService;
pub use tally::Totals;
#[cfg(feature = "stack")]
pub(crate) use {rules::Reason, ticket::Ticket};

/// What a policy is called in rejections, metrics and registries.
const KIND: &str = "retry";

/// Compiles the examples of the guide's page.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../../docs/retry.md")]
struct Guide;
