//! How long to wait before the next try: pure functions of the attempt and a random number.
//!
//! Clients that failed together must not come back together, and a delay must never pass its cap. So
//! [`Backoff::delay`] takes the random number as an argument (tests give their own), the default is full
//! jitter, and the cap applies after the jitter. All arithmetic saturates: attempt 4 000 000 000 is fine.
//!
//! ```
//! use std::time::Duration;
//! use ovasabi_core::backoff::{Backoff, Exponential, Jitter};
//!
//! let plain = Exponential::new(Duration::from_millis(50), Duration::from_secs(20)).jitter(Jitter::None);
//! assert_eq!(plain.delay(1, 0), Duration::from_millis(50));
//! assert_eq!(plain.delay(3, 0), Duration::from_millis(200));
//! assert_eq!(plain.delay(1_000, 0), Duration::from_secs(20));
//!
//! let full = plain.jitter(Jitter::Full);
//! assert!(full.delay(3, u64::MAX / 2) < Duration::from_millis(101));
//! ```
//!
//! Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

mod policy;
mod random;

pub use policy::{Backoff, Constant, Exponential, Jitter};
pub use random::Random;
