//! A bounded cache in the process that asks the origin once, whoever gives up.
//!
//! A popular key expires, and a thousand requests ask the database at once. Caches that let the first of
//! them load for all tie the thousand to that one: it hangs up, and they hang, start over, or panic. And a
//! change that comes while a load is under way is overwritten by what the load has read before.
//!
//! * **One load** for all that miss the same key at the same time. It belongs to none of them: it goes on as
//!   long as one waits, and stops when the last one leaves.
//! * **Each waits for itself**: a caller's deadline ends its own wait. A load that fails or panics is an
//!   error for those who waited, is not kept, and leaves the key usable at once.
//! * **Changes win**: [`invalidate`](Cache::invalidate) and [`set`](Cache::set) during a load keep its
//!   result out of the cache.
//! * **Bounded** by entries or weight, with TinyLFU admission; entries expire by [`Clock`](crate::time::Clock)
//!   and with jitter, so that what was loaded together does not expire together.
//! * "There is none" is an answer too, kept for a shorter time.
//!
//! ```
//! use std::time::Duration;
//! use ovasabi_core::cache::{Cache, LocalCache};
//! use ovasabi_core::{Code, Context, Error};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> ovasabi_core::Result<()> {
//! let cx = Context::background();
//! let prices: LocalCache<u32, String> =
//!     LocalCache::builder("prices").ttl(Duration::from_secs(30)).max_entries(10_000).build()?;
//!
//! let loaded = prices.get_or_load(&cx, &7, async |_cx| Ok(Some("12.50".to_owned()))).await?;
//! assert_eq!(loaded.as_deref().map(String::as_str), Some("12.50"));
//! assert!(prices.get(&cx, &7).await?.is_some());
//!
//! // A load that fails is told to those who wait for it, and asked again by the next.
//! let down = prices.get_or_load(&cx, &8, async |_cx| Err(Error::new(Code::Unavailable, "origin.down"))).await;
//! assert_eq!(down.unwrap_err().code(), Code::Unavailable);
//! assert_eq!(prices.get_or_load(&cx, &8, async |_cx| Ok(None)).await?, None);
//! # Ok(())
//! # }
//! ```
//!
//! **In deployment**: each process has its own. What one process changes, another serves until its entry
//! expires, so the `ttl` is how stale an answer may be.
//!
//! Source: Caffeine (`refresh_absentThenInvalidate_doesNotResurrect`), .NET `HybridCache` (a load is
//! cancelled when its last waiter leaves), moka#59; Einziger, Friedman, Manes, "TinyLFU", 2017.

mod config;
mod flight;
mod landing;
mod local;
mod shared;
mod shared_error;
mod stats;
mod traits;

pub use config::LocalCacheBuilder;
pub use local::LocalCache;
pub use traits::Cache;
