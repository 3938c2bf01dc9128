//! An answer when there is none: from elsewhere, from before, or made up.
//!
//! A page without recommendations is better than no page, and yesterday's prices than none. A [`Fallback`] answers
//! where the service did not, for the causes that were chosen, and for those alone.
//!
//! # The rule
//!
//! * The classifier reads the result. A success is passed on, and so is what the caller has done wrong (a 404, a
//!   422): the service did its work. The rest is a [`Cause`]: a refusal of ours, by its kind; a failure; a service
//!   that asks for less. By default the first two are [answered](Causes) for.
//! * It answers with a [value](Fallback::value), a [function](Fallback::function) (or one that
//!   [waits](Fallback::async_function)), [another service](Fallback::service) or a
//!   [stale copy](Fallback::stale).
//! * When that fails too, **the first result comes back**: it says what is wrong. The fallback's own error goes to
//!   the log, and with [`attach`](FallbackLayer::attach) into the first.
//! * Its answers can be [marked](FallbackLayer::marking). To a layer outside that uses [`IgnoreDegraded`], they
//!   count neither as successes nor as failures of the service.
//!
//! ```
//! use ovasabi_core::classify::ByResult;
//! use ovasabi_resilience::fallback::{Causes, Fallback};
//! use tower::{BoxError, Service, ServiceExt, service_fn};
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let fallback = Fallback::builder("recommendations").on(Causes::failure()).build()?;
//! let service = service_fn(async |user: u32| match user {
//!     1 => Ok(vec!["a book"]),
//!     _ => Err::<_, BoxError>("down".into()),
//! });
//! let mut service = fallback.value(vec![]).classify(ByResult::new()).wrap(service);
//!
//! assert_eq!(service.ready().await?.call(1).await?, ["a book"]);
//! assert!(service.ready().await?.call(2).await?.is_empty()); // answered instead
//! # Ok::<(), BoxError>(())
//! # }).unwrap();
//! ```
//!
//! # Where it belongs
//!
//! On the client, outside of everything else, so that it answers for all that may go wrong inside: an open breaker,
//! a retry that has given up, a deadline. The deadline of the caller is not outside of it: a fallback that waits
//! should be quick.
//!
//! # What it costs
//!
//! On the way of a success: a comparison, and two atomic operations for the reference count of what its calls share,
//! none after [`FallbackLayer::leak`]. Nothing is kept of a request unless the answer needs it. A stale store has
//! its own cost: one copy and one lock for each success that has a key.
//!
//! # What goes wrong in deployment
//!
//! * A fallback that hides an outage: nobody looks at `fallback.calls`. Alert on it.
//! * A fallback to a service that depends on the one that is down.
//! * One user's answer, kept, and given to another: the key did not say whose it is.
//! * A body that cannot be copied: a stale copy wants a response that is `Clone`, such as one whose body was
//!   collected into `Full<Bytes>`.
//! * The first response is kept open while another service is asked, with the connection that it came on.
//!
//! Sources: Polly, *Fallback*; failsafe-go `fallback`; resilience4j; RFC 5861 (`stale-if-error`).

mod answer;
mod attach;
mod causes;
mod degraded;
pub mod future;
mod handle;
mod keep;
mod layer;
mod service;
mod stale;
mod state;

pub use answer::{
    Answer, Asked, AsyncFunction, Called, Function, Given, OtherService, StaleCopy, Value,
};
pub use attach::{Attach, BothFailed, KeepFirst};
pub use causes::{Cause, Causes};
pub use degraded::{Degraded, DegradedEnd, IgnoreDegraded, Mark, Marked, Stale, Unmarked};
pub use handle::{Fallback, FallbackBuilder};
pub use keep::{Keep, KeepClone, KeepNothing, KeepWith};
pub use layer::FallbackLayer;
pub use service::FallbackService;
pub use stale::{StaleCache, StaleCacheBuilder, StaleStore};
pub use state::Outcome;

/// The `tracing` target of fallbacks: one `DEBUG` event each time that both the service and the fallback failed.
pub const TARGET: &str = "ovasabi::fallback";

/// Compiles the examples of the page.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../../docs/fallback.md")]
struct Page;
