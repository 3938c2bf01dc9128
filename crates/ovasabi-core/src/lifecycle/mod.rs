//! The life of an application: components start in order, serve, drain, stop in the reverse order.
//!
//! Most outages that a deployment makes by itself are made in two moments: a process gets requests before
//! it is ready for them, or closes its listener while the load balancer still sends some. An [`App`] goes
//! through both in the same way each time:
//!
//! 1. **Starting**: each [`Component`] starts after those it comes [`after`](AppBuilder::after). If one
//!    fails, those that have started are stopped again. A signal ends the start in good order.
//! 2. **Serving**: readiness says 200. It goes on until a signal, [`AppHandle::shutdown`], a panic, an error,
//!    or long-running work that ends before it should.
//! 3. **Draining**: readiness says 503 at once, and requests are still answered for the
//!    [`drain_delay`](AppBuilder::drain_delay) (5 s), until every load balancer has noticed.
//! 4. **Stopping**: components stop in the reverse order, each within its budget (10 s), all within the
//!    total (25 s). One that hangs is named, dropped, and does not keep the others from stopping.
//! 5. **Stopped**: the [`ExitReport`] says why, how each component took it, and the exit code: 0 only when
//!    the stop was asked for and all went well.
//!
//! A second signal ends the process at once.
//!
//! ```
//! use std::time::Duration;
//! use ovasabi_core::lifecycle::{App, Phase, Signals, component};
//! use ovasabi_core::{Code, Error};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), ovasabi_core::lifecycle::BuildError> {
//! let pool = component("pool").on_start(async |_cx| Ok(())).on_stop(async |_cx| Ok(()));
//! let server = component("server").runs(async |cx| {
//!     cx.done().await; // accept and serve until it is our turn to stop
//!     Ok(())
//! });
//! let app = App::builder("shop")
//!     .component(pool)
//!     .component(server)
//!     .after(["pool"])
//!     .drain_delay(Duration::ZERO)
//!     .signals(Signals::never()) // Signals::os() is the default
//!     .build()?;
//!
//! let handle = app.handle();
//! let running = tokio::spawn(app.run());
//! handle.reached(Phase::Serving).await;
//! handle.shutdown();
//! assert_eq!(running.await.unwrap().exit_code(), 0); // in main: app.run().await.exit()
//!
//! // One that fails to start stops those before it, and says so.
//! let broken = component("cache").on_start(async |_cx| Err(Error::new(Code::Unavailable, "cache.unreachable")));
//! let report = App::builder("shop").component(component("pool")).component(broken).build()?.run().await;
//! assert_eq!(report.exit_code(), 1);
//! assert!(report.reason().to_string().starts_with("cache failed to start: cache.unreachable"));
//! # Ok(())
//! # }
//! ```
//!
//! An HTTP server is a component whose work is the accept loop, whose [`drain`](Component::drain) asks
//! clients to leave, and whose [`stop`](Component::stop) closes the listener and waits for requests under
//! way. Put the one with the probes first, so that they are answered while the others start.
//!
//! What goes wrong in deployment: a drain delay shorter than the time that a load balancer takes to notice
//! (its probe period times its failure threshold); a total budget longer than the grace period after which
//! the orchestrator kills; `main` that returns instead of calling [`ExitReport::exit`], and waits for ever
//! for a thread that hangs.
//!
//! Source: `go.uber.org/fx` for order and rollback; Kubernetes, "Pod Lifecycle", for signals and grace.

mod app;
mod builder;
mod component;
mod component_fn;
mod error;
mod handle;
mod inspect;
mod order;
mod outcome;
mod phase;
mod report;
mod runner;
mod signal;
mod state;
mod stop;
mod task;
mod unit;

pub use app::App;
#[doc(no_inline)]
pub use async_trait::async_trait;
pub use builder::AppBuilder;
pub use component::{Component, RunFuture};
pub use component_fn::{ComponentFn, component};
pub use error::{BuildError, Problem};
pub use handle::AppHandle;
pub use outcome::{Failure, Outcome, Reason};
pub use phase::Phase;
pub use report::{ComponentReport, ExitReport};
pub use signal::{Signal, SignalSender, Signals};
pub(crate) use task::CatchPanic;
pub use task::{Task, TaskError};

/// Compiles the code of the guide page, which needs the server too.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../../../../docs/lifecycle.md")]
struct Guide;
