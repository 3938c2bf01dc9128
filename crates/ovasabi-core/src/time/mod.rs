//! Time as a value: [`Clock`] and [`Tick`] for intervals, [`WallClock`] for dates.
//!
//! A policy that reads the clock by itself cannot be tested without waiting, and one that reads it
//! three times a call is slow. So engines take a [`Tick`] as an argument, a layer reads its [`Clock`]
//! once, and only token expiry and log lines ever see a date.
//!
//! * Intervals come from [`Clock`]: monotonic, in nanoseconds, never compared with a date.
//! * Dates come from [`WallClock`]: may jump, never used to measure. [`Rfc3339`] and [`HttpDate`] write them.
//! * Waiting uses tokio's timers and reads the [`Tick`] again on waking.
//!
//! ```
//! use std::time::Duration;
//! use ovasabi_core::time::Clock;
//!
//! let (clock, hand) = Clock::manual();
//! let start = clock.now();
//! hand.advance(Duration::from_secs(3));
//! assert_eq!(clock.now().saturating_since(start), Duration::from_secs(3));
//! ```

mod clock;
mod date;
mod tick;
mod wall;

pub use clock::{Clock, ClockHand};
pub use date::{HttpDate, Rfc3339};
pub use tick::Tick;
pub use wall::{WallClock, WallHand};
