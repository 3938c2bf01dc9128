//! For tests of what uses this crate: a service that follows a script, a clock moved by hand, a look at whether
//! everything is home, and slow models to compare with.
//!
//! What goes wrong around a limiter or a breaker goes wrong where calls end otherwise than with an answer: dropped
//! half-way, in a panic, while they wait. A test needs a service that does all that when it is told to, time that
//! stands still, and a question at the end:
//!
//! * [`Scripted`] does with each call what its script says, counts, and minds readiness.
//! * [`Clock::manual`] gives a clock to a builder and its [`ClockHand`] to the test.
//! * [`assert_balanced`] fails if a slot, a probe or a place in a queue is still taken, by whatever lends it: single
//!   handles, keyed sets and whole stacks.
//! * [`model`] has a slow and obvious twin of each engine, for property tests.
//!
//! ```
//! use std::num::NonZeroU32;
//! use ovasabi_core::Rejection;
//! use ovasabi_core::classify::ByResult;
//! use ovasabi_resilience::concurrency::{ConcurrencyLimitLayer, ConcurrencyLimiter};
//! use ovasabi_resilience::testkit::{Scripted, Step, assert_balanced};
//! use tower::{BoxError, ServiceExt};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), BoxError> {
//! let upstream = Scripted::new(|_: &str, call| match call {
//!     0 => Step::hang(),
//!     _ => Step::answer("hello").after(3),
//! });
//! let limiter = ConcurrencyLimiter::builder("payments", NonZeroU32::MIN).build()?;
//! let layer = ConcurrencyLimitLayer::new(limiter.clone()).classify(ByResult::new());
//! let service = layer.wrap(upstream.clone());
//!
//! let mut hangs = tokio_test::task::spawn(service.clone().oneshot("a"));
//! assert!(hangs.poll().is_pending());
//! let refused: BoxError = service.clone().oneshot("b").await.unwrap_err();
//! assert!(Rejection::find(&refused).is_some());
//!
//! drop(hangs);
//! assert_eq!(service.oneshot("c").await?, "hello");
//! assert_eq!((upstream.calls(), upstream.peak()), (2, 1));
//! assert_balanced([&limiter as _, &upstream as _]);
//! # Ok(())
//! # }
//! ```
//!
//! It belongs among the `dev-dependencies`: the feature is in no default and not in `full`. A panic of a script that
//! nobody catches fails the test, and a call that hangs must be dropped or aborted before the balance is drawn.

mod balance;
mod future;
pub mod model;
mod scripted;
mod step;

pub use balance::{Balance, Outstanding, assert_balanced};
pub use future::ScriptedFuture;
pub use ovasabi_core::time::{Clock, ClockHand};
pub use scripted::Scripted;
pub use step::Step;
