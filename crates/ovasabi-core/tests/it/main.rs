//! The public behaviour of the crate, room by room.

#![allow(
    clippy::unwrap_used,
    reason = "helpers outside of test functions are tests too"
)]

mod context;
#[cfg(feature = "cache")]
mod cache;
#[cfg(feature = "sqlite")]
mod repository;
#[cfg(feature = "worker")]
mod worker;

#[cfg(all(feature = "server", feature = "client"))]
mod http_client;
#[cfg(all(feature = "server", feature = "client", feature = "proxy"))]
mod http_proxy;
#[cfg(feature = "server")]
mod http_server;
