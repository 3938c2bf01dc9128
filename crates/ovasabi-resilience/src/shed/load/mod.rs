//! Refuses on the server's side what there is no time for, the least important first.
//!
//! A server that takes on more than it can do serves nobody: everything waits, and what is answered is answered
//! too late. A [`LoadShed`] watches how full the process is, and refuses early, while a refusal is still cheap.
//!
//! # The rule
//!
//! * Signals say how full it is, and the highest of them is the *pressure*, 0 to 1:
//!
//!   | signal | pressure begins | pressure is 1 |
//!   |---|---|---|
//!   | calls under way | at `shed_from` of `in_flight_limit` | at the limit |
//!   | shortest wait of an interval, told by those who keep a queue | above `queue_delay_target` | at `queue_delay_limit` |
//!   | a probe of your own: processor, memory, a pool | at `shed_from` | at 1.0 |
//!
//! * Each [`Priority`](ovasabi_core::classify::Priority) has a fifth of the pressure, from `Background` to
//!   `Critical`. Within it the probability of a refusal rises from 0 to 1: one tier is refused altogether
//!   before the next one begins, and everything is refused at pressure 1.
//! * It never asks whether the service behind it is ready. A service that is pending may have all the room in
//!   the world: tokio makes resources pending now and then, so that one task does not keep others from running.
//!
//! ```
//! use ovasabi_core::classify::Priority;
//! use ovasabi_core::reject::RejectKind;
//! use ovasabi_resilience::shed::LoadShed;
//!
//! let shed = LoadShed::builder("api").in_flight_limit(10).build()?;
//! let running: Vec<_> = (0..9).filter_map(|_| shed.try_acquire(Priority::Normal).ok()).collect();
//! assert_eq!(running.len(), 9);
//! assert!(shed.try_acquire(Priority::High).is_ok()); // accepted
//! let refused = shed.try_acquire(Priority::Low).unwrap_err();
//! assert_eq!(refused.kind(), RejectKind::Shed);
//! # Ok::<(), ovasabi_core::Error>(())
//! ```
//!
//! # Where it belongs
//!
//! On a server, outside of authentication and of every limit: what is refused should have cost nothing. With
//! [`until_body_end`](super::ShedLayer::until_body_end) where answers stream.
//!
//! # What it costs
//!
//! Two locked operations for the calls under way, and two for the reference count of the handle, which
//! [`LoadShed::leak`] saves. With a probe, or once a wait was told, the clock is read when it is asked whether it is
//! ready and once more for the call; else not at all. No allocation.
//!
//! # What goes wrong in deployment
//!
//! * Every request is `Normal`: then it sheds like a coin. Say what matters, with
//!   [`priority`](super::ShedLayer::priority).
//! * Waits told only of what is admitted: once everything is refused nothing is told, and it swings.
//! * A probe that measures: it blocks a call each time. Let a task measure, and read its number.
//! * `Critical` for everything that somebody is proud of. It is for health checks, logins and payments.
//!
//! Sources: Google, *Site Reliability Engineering*, ch. 21 (criticality); K. Nichols, V. Jacobson, "Controlling
//! queue delay", ACM Queue 10(5), 2012; H. Zhou and others, "Overload control for scaling WeChat
//! microservices", SoCC 2018 (queueing time, tiers).

mod builder;
mod config;
mod delay;
mod engine;
mod flight;
mod handle;
#[cfg(all(test, ovasabi_loom))]
mod loom_models;
mod pressure;
mod probe;
mod shared;
mod snapshot;

pub use builder::LoadShedBuilder;
#[cfg(feature = "stack")]
pub(crate) use engine::Ticket;
pub use handle::LoadShed;
pub use snapshot::Snapshot;

/// The `tracing` target of load shedders: one event when refusals begin after ten seconds without any.
pub const TARGET: &str = "ovasabi::load_shed";
