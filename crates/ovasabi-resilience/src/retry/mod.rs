//! Try again, within a budget.
//!
//! Retries help against single failures and turn a failing service into a dead one: three tiers with three
//! attempts each send 27 requests for one. [`RetryLayer`] asks, in this order, and gives the first result
//! back as soon as an answer is no:
//!
//! 1. May this result be tried again at all? (The classifier; our own rejections never, but for time-outs.)
//! 2. Is the request idempotent, or was it certainly not done?
//! 3. Are attempts left? (`max_attempts` counts the first.)
//! 4. Can the request be sent again? ([`Replay`])
//! 5. Is the pause that the server asks for acceptable, and is there time left before the deadline after it?
//!    (The deadline is that of the request's `Context`.)
//! 6. Does the [`RetryBudget`] allow one more? It gives a share of the requests that were sent, and a floor
//!    for quiet times, so that a service at 100 % failure sees at most that much more.
//!
//! Then the result is dropped, with its connection, before the pause begins.
//!
//! ```
//! use ovasabi_core::classify::{ByResult, Facts, ReadRequest, Classify, Seen};
//! use ovasabi_resilience::retry::{RetryBudget, RetryLayer};
//! use tower::{BoxError, ServiceExt, service_fn};
//! use std::sync::atomic::{AtomicU32, Ordering};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), BoxError> {
//! static CALLS: AtomicU32 = AtomicU32::new(0);
//! let flaky = service_fn(|_: http::Request<String>| async {
//!     match CALLS.fetch_add(1, Ordering::Relaxed) {
//!         0 => Err::<http::Response<()>, BoxError>("reset by peer".into()),
//!         _ => Ok(http::Response::new(())),
//!     }
//! });
//! let budget = RetryBudget::builder("payments").build()?;
//! let service = RetryLayer::new(budget).wrap(flaky);
//! assert!(service.oneshot(http::Request::get("/").body(String::new())?).await.is_ok());
//! assert_eq!(CALLS.load(Ordering::Relaxed), 2);
//! # Ok(())
//! # }
//! ```
//!
//! It belongs outside the breaker and the timeout of a single attempt, and inside the total deadline. Share
//! one budget among all clients of one service.
//!
//! Source: B. Beyer et al., "Site Reliability Engineering", ch. 21; Finagle's retry budget.

mod budget;
mod config;
pub mod future;
mod layer;
mod replay;
mod service;

pub use budget::RetryBudget;
pub use config::RetryBudgetBuilder;
pub use layer::RetryLayer;
pub use replay::{ByClone, EmptyBody, Replay};
pub use service::RetryService;

/// Compiles the examples of the guide's page.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../../docs/retry.md")]
struct Guide;
