//! Refusing early what cannot be served: on a server ([`LoadShed`]) and on a client ([`Throttle`]).
//!
//! Work that is refused late has cost as much as work that is done. Both of these refuse before anything was
//! spent, by what they know of the load and never because a service is momentarily not ready:
//!
//! | | stands | knows | refuses |
//! |---|---|---|---|
//! | [`LoadShed`], module [`load`] | before a server's handlers | how full this process is | the least important first |
//! | [`Throttle`], module [`throttle`] | before a client's transport | how much the service accepts | at random, as much as it would not |
//!
//! One layer does for both: [`ShedLayer`], with the names [`LoadShedLayer`] and [`ThrottleLayer`]. A refusal is a
//! [`Rejection`](ovasabi_core::Rejection) of the kind [`Shed`](ovasabi_core::reject::RejectKind::Shed) that does
//! not say when to come back, for nobody knows.
//!
//! A fixed or self-adjusting number of calls at once, with a queue before it, is a
//! [concurrency limit](https://docs.rs/ovasabi-resilience/latest/ovasabi_resilience/concurrency/); so much a
//! second is a rate limit.

mod chance;
pub mod future;
mod layer;
pub mod load;
mod permit;
mod policy;
mod priority;
mod quiet;
mod service;
mod sync;
pub mod throttle;

pub use layer::{LoadShedLayer, ShedLayer, ThrottleLayer};
pub use load::LoadShed;
pub use permit::Permit;
pub use policy::Policy;
pub use priority::WithPriority;
pub use service::ShedService;
pub use throttle::Throttle;

/// Compiles the examples of the page.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../../docs/load-shedding.md")]
struct Page;
