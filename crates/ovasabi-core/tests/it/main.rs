//! The public behaviour of the crate, room by room.

#![allow(
    clippy::unwrap_used,
    reason = "helpers outside of test functions are tests too"
)]

mod auto_traits;
mod body;
#[cfg(feature = "cache")]
mod cache;
mod classify;
#[cfg(feature = "config")]
mod config;
mod context;
mod error;
mod inspect;
mod reject;
#[cfg(feature = "sqlite")]
mod repository;
mod time;
mod ui;
#[cfg(feature = "worker")]
mod worker;

#[cfg(feature = "app")]
mod health;
#[cfg(all(feature = "server", feature = "client"))]
mod http_client;
#[cfg(all(feature = "server", feature = "client", feature = "proxy"))]
mod http_proxy;
#[cfg(feature = "server")]
mod http_server;
#[cfg(feature = "app")]
mod lifecycle;
#[cfg(feature = "validate")]
mod validate;
