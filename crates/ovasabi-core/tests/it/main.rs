//! The public behaviour of the crate, room by room.

#![allow(
    clippy::unwrap_used,
    reason = "helpers outside of test functions are tests too"
)]

#[cfg(feature = "sqlite")]
mod repository;
