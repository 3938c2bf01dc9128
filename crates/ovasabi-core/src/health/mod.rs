//! How a process is: started, live, ready; told to whoever routes to it or restarts it.
//!
//! Three questions look alike and mean different things. A process that answers the wrong one is restarted
//! because its database is down, or gets requests before it has a pool.
//!
//! * **live** ([`Health::live`]): should it go on living? Looks at [`Watchdog`]s of this process and takes
//!   nothing else: no check of anything outside can be added to it.
//! * **startup** ([`Health::started`]): is its start over? Once yes, yes for ever.
//! * **ready** ([`Health::ready`]): should it get requests? Yes while it serves and no critical [`Check`] is
//!   down. An optional one that is down, and any that is degraded, is told and changes nothing.
//! * Checks are **cached** (2 s), **timed** (1 s) and run by **one task at a time**: a hundred probes are one
//!   check, and a check of ten seconds makes no answer slower than its timeout.
//! * [`Health::set_draining`] makes the very next probe say 503: first the load balancer leaves, then the
//!   listeners close.
//! * A report has public text only; the error behind it goes to the log when the status of a check changes.
//!
//! ```
//! use std::time::Duration;
//! use ovasabi_core::health::{CheckOptions, Health, Status, check_fn};
//! use ovasabi_core::{Code, Error};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), ovasabi_core::Error> {
//! let health = Health::new();
//! health.add(check_fn("db", async |_cx| Status::Up), CheckOptions::ready())?;
//! let mail = check_fn("mail", async |_cx| {
//!     Err::<(), _>(Error::new(Code::Unavailable, "mail.down").caused_by("10.0.0.7 refused the password"))
//! });
//! health.add(mail, CheckOptions::ready().optional().timeout(Duration::from_millis(300)))?;
//! let turns = health.watchdog("main loop", Duration::from_secs(30))?;
//! turns.feed(); // on each turn
//!
//! health.set_serving(); // a lifecycle::App does this, and drains, by itself
//! let answer = health.handle("/readyz").await;
//! assert_eq!(answer.status(), 200);
//! assert!(answer.body().contains(r#""status":"degraded""#) && !answer.body().contains("10.0.0.7"));
//!
//! health.set_draining();
//! assert_eq!(health.handle("/readyz").await.status(), 503);
//! assert_eq!(health.handle("/livez").await.status(), 200);
//! # Ok(())
//! # }
//! ```
//!
//! [`Health::service`] belongs on the admin port, outside of authentication, rate limits and load shedding:
//! a probe that is shed looks like a dead process. It is a plain tower service; axum takes it with
//! `fallback_service`. In Kubernetes point `livenessProbe` at `/livez`, `readinessProbe` at `/readyz` and
//! `startupProbe` at `/startupz`, with probe timeouts above those of the checks (the default there is 1 s).
//!
//! What goes wrong in deployment: a readiness check on something that all replicas share takes all of them
//! out at once. Make it optional if the service can answer anything at all without it.
//!
//! Source: Kubernetes, "Liveness, Readiness, and Startup Probes"; health groups as in Spring Boot's actuator.

mod builder;
mod cell;
mod check;
mod error;
pub mod future;
mod handle;
mod inspect;
mod report;
mod service;
mod stage;
mod state;
mod status;
mod watchdog;

#[doc(no_inline)]
pub use async_trait::async_trait;
pub use builder::HealthBuilder;
pub use check::{Check, CheckOptions, check_fn};
pub use error::DuplicateCheck;
pub use handle::Health;
pub use report::{CheckReport, Report};
pub use service::{HealthService, LIVE_PATH, READY_PATH, STARTUP_PATH};
pub use stage::Stage;
pub use status::{Level, Status, Why};
pub use watchdog::Watchdog;
