//! Nobody waits for ever: a limit on the time of a call.
//!
//! The time that a call may take is the smaller of two: what this layer gives it, and what its caller has
//! left (the deadline of its [`Context`](ovasabi_core::Context), which the classifier reads).
//!
//! * A call whose deadline has passed is refused before it starts.
//! * No timer is made before the service first says that it is pending: a call that is answered at once
//!   costs one clock read and no more.
//! * When time is up the call inside is dropped first and the refusal is answered after.
//!
//! The time runs from `call` to the response's head. What layers inside wait for in their futures counts (the
//! readiness that a retry waits for); `poll_ready` before the call and the body after it do not. The layer
//! stops the call; it does not tell those inside, whose deadline stays that of the `Context`.
//!
//! ```
//! use std::time::Duration;
//! use ovasabi_core::classify::ByResult;
//! use ovasabi_resilience::deadline::DeadlineLayer;
//! use tower::{BoxError, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! let slow = service_fn(|_: ()| async {
//!     tokio::time::sleep(Duration::from_secs(60)).await;
//!     Ok::<_, BoxError>("late")
//! });
//! let layer = DeadlineLayer::new("reports", Duration::from_secs(2)).classify(ByResult::new());
//! let error = layer.wrap(slow).oneshot(()).await.unwrap_err();
//! assert!(ovasabi_core::Rejection::find(&error).is_some());
//! # }
//! ```

pub mod future;
mod layer;
mod service;

pub use layer::DeadlineLayer;
pub use service::DeadlineService;

/// Compiles the examples of the guide's page.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../../docs/deadline.md")]
struct Guide;
