//! One breaker for each key: for each host, tenant or shard, in bounded memory.
//!
//! One breaker for ten hosts opens for all of them when three are down, or for none. One for each host, in a
//! map, grows with every name that anybody sends. A [`KeyedCircuitBreaker`] holds a fixed number:
//!
//! * A key gets its breaker with its first call.
//! * When all places are taken, a breaker that is **idle** makes way: closed, with no call in its window, no
//!   run of failures, no break lately, and no handle or call that holds it. Nothing is lost, for a new one is
//!   the same.
//! * So does one that nobody has called for [`forget_after`](KeyedCircuitBreakerBuilder::forget_after), unless
//!   its break is still under way or its mode was forced.
//! * When all of them are in use, keys without a place get what [`WhenFull`] says: by default one breaker that
//!   they share. A breaker that is in use and open, or has failures to remember, is never evicted, so nobody
//!   can flush it by inventing keys.
//! * [`reconfigure`](KeyedCircuitBreaker::reconfigure) gives other numbers to all breakers, and to those to come.
//! * No task sweeps. A key that finds no place looks at up to 64 breakers, from where the last search stopped.
//!
//! ```
//! use ovasabi_core::{admit::Settle, classify::Class};
//! use ovasabi_resilience::keyed::KeyedCircuitBreaker;
//!
//! let hosts = KeyedCircuitBreaker::<String>::builder("upstreams")
//!     .capacity(256)
//!     .each(|breaker| breaker.consecutive_failures(1))
//!     .build()?;
//! hosts.get("a.example").try_acquire()?.settle(Class::Failure);
//! assert!(hosts.get("a.example").try_acquire().is_err());
//! assert!(hosts.get("b.example").try_acquire().is_ok());
//! # Ok::<(), ovasabi_core::Error>(())
//! ```
//!
//! A lookup hashes the key twice and takes a lock that 1 to 16 parts share out; it allocates for new keys
//! alone. A breaker takes about a kilobyte.
//!
//! # What goes wrong in deployment
//!
//! * A key that is too fine, such as a path with ids: no breaker ever sees enough calls. Give
//!   [`consecutive_failures`](crate::breaker::CircuitBreakerBuilder::consecutive_failures) a value too.
//! * A capacity below the number of keys in use: those without a place share one breaker, and one bad key
//!   opens it for all of them. The counter `keyed_circuit_breaker.overflows` shows it.

use std::hash::Hash;

mod builder;
mod core;
mod handle;
mod layer;
mod service;
mod set;

pub use builder::{KeyedCircuitBreakerBuilder, WhenFull};
pub use handle::KeyedCircuitBreaker;
pub use layer::KeyedCircuitBreakerLayer;
pub use service::KeyedCircuitBreakerService;

/// What a key has to be. Implemented for every type that is it.
pub trait Key: Hash + Eq + Clone + Send + Sync + 'static {}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Key for K {}
