//! The shared ideas of ovasabi.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod admit;
pub mod backoff;
pub mod body;
pub mod classify;
pub mod context;
pub mod error;
pub mod inspect;
pub mod reject;
pub mod time;

#[cfg(feature = "cache")]
pub mod cache;
#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "app")]
pub mod health;
#[cfg(any(feature = "server", feature = "client", feature = "proxy", feature = "reqwest"))]
pub mod http;
#[cfg(feature = "app")]
pub mod lifecycle;
#[cfg(feature = "sqlite")]
pub mod repository;
#[cfg(feature = "validate")]
pub mod validate;
#[cfg(feature = "worker")]
pub mod worker;

pub use context::Context;
pub use error::{Code, Error};
pub use reject::Rejection;

/// What ovasabi's own fallible calls return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
