//! What a layer says when it does not pass a request on.
//!
//! A layer that invents an error type of its own turns a stack into `Outer<Middle<Inner<E>>>`, and axum
//! then wants a `HandleErrorLayer`. Ours keep the service's error type, and its response type, and say no
//! in one small value: a [`Rejection`]. How it is said is a type parameter, a [`Reject`]:
//!
//! | strategy | for | needs | answers |
//! |---|---|---|---|
//! | [`AsError`] | clients (default) | `S::Error: From<Rejection>` | `Err` |
//! | [`AsResponse`] | HTTP servers, `.responding()` | `http::Response<B>`, `B: From<Bytes>` | problem+json with 429, 503 or 504 and `Retry-After`; gRPC to gRPC |
//! | [`AsGrpc`] | tonic, `.responding_grpc()` | `http::Response<B>`, `B: Default` | trailers-only status with `grpc-retry-pushback-ms` |
//! | a closure | bodies that are neither | `Fn(&Rejection) -> Result<S::Response, S::Error>` | what it returns |
//!
//! A rejection is always recognisable again, so that our own refusals are never counted as failures of
//! the service behind, and never retried: [`Rejection::find`] in errors, [`Rejection::of_response`] in
//! responses. The mark in a response is its only allocation, on the refused path, and is never sent.
//!
//! ```
//! use std::time::Duration;
//! use ovasabi_core::reject::{Rejection, RejectKind};
//!
//! let refused = Rejection::new(RejectKind::RateLimited, "rate_limit", "signup").retry_after(Duration::from_millis(1_200));
//! let error: tower::BoxError = refused.clone().into();
//! assert_eq!(Rejection::find(&error), Some(&refused));
//! assert_eq!(ovasabi_core::Error::from(refused).http_status(), 429);
//! ```

#[cfg(feature = "axum")]
mod axum;
mod find;
mod name;
mod rejection;
mod strategy;

pub(crate) use find::{as_error, chain};
pub use name::Name;
pub use rejection::{RejectKind, Rejection};
pub use strategy::{AsError, AsGrpc, AsResponse, Reject};
