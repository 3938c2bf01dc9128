//! Tests through the public surface, one module per room.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[cfg(feature = "breaker")]
mod breaker;
#[cfg(feature = "full")]
mod concurrency;
#[cfg(feature = "full")]
mod contract;
#[cfg(feature = "full")]
mod deadline;
#[cfg(feature = "full")]
mod fallback;
#[cfg(feature = "full")]
mod logged;
#[cfg(feature = "full")]
mod rate_limit;
#[cfg(feature = "full")]
mod retry;
#[cfg(feature = "full")]
mod shed;
#[cfg(feature = "full")]
mod sockets;
#[cfg(feature = "full")]
mod stack;
#[cfg(feature = "testkit")]
mod testkit;
