//! Tower layers that keep a service standing when what it calls, or who calls it, does not behave.
//!
//! ```
//! use ovasabi_core::classify::{ByResult, Class};
//! use ovasabi_core::admit::Settle;
//! use ovasabi_resilience::breaker::CircuitBreaker;
//!
//! let breaker = CircuitBreaker::builder("payments").consecutive_failures(3).build()?;
//! for _ in 0..3 {
//!     breaker.try_acquire()?.settle(Class::Failure);
//! }
//! let refused = breaker.try_acquire().unwrap_err();
//! assert!(refused.retry_delay().is_some());
//! # Ok::<(), ovasabi_core::Error>(())
//! ```
//!
//! Every policy is three types: a **handle** that owns the state and works without tower
//! ([`CircuitBreaker`](breaker::CircuitBreaker)), a **layer** that is a cheap view of it, and a **service**.
//! Applying a layer twice, as axum does, shares one state. A layer keeps the error type of the service behind
//! it; what it says when it refuses is a [`Rejection`](ovasabi_core::Rejection).
//!
//! # A server
//!
//! Everything in the order that works, with refusals as problem details (RFC 9457) and axum as it is:
//!
//! ```no_run
//! use std::num::NonZeroU32;
//! use axum::{Router, routing::get};
//! use ovasabi_core::context::ContextLayer;
//! use ovasabi_resilience::stack::{RateLimitConfig, Slot, Stack};
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let hundred = NonZeroU32::new(100).expect("it is not zero");
//!     let stack = Stack::http_server("hello")
//!         .at(Slot::Edge, ContextLayer::new())
//!         .rate_limit(RateLimitConfig::per_second(hundred))
//!         .build()?;
//!     print!("{}", stack.explain());
//!     let app = Router::new()
//!         .route("/", get(|| async { "hello" }))
//!         .layer(stack.layer());
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//!     axum::serve(listener, app).await?;
//!     Ok(())
//! }
//! ```
//!
//! # A client
//!
//! Deadline, retry with budget, breaker, timeout and concurrency limit around a pooled transport:
//!
//! ```no_run
//! use bytes::Bytes;
//! use http_body_util::Empty;
//! use ovasabi_core::http::client::Client;
//! use ovasabi_resilience::retry::ReplayBody;
//! use ovasabi_resilience::stack::{ClientLayer, Stack};
//! use tower::ServiceExt;
//!
//! # async fn call() -> Result<(), Box<dyn std::error::Error>> {
//! let stack = Stack::http_client("payments").build()?;
//! let transport = Client::<ReplayBody<Empty<Bytes>>>::new();
//! let client = ClientLayer::http(stack.clone()).wrap(transport);
//! let request = http::Request::get("http://127.0.0.1:8080/").body(Empty::new())?;
//! let answer = client.oneshot(request).await?;
//! println!("{}, {:?}", answer.status(), stack.breaker());
//! # Ok(())
//! # }
//! ```
//!
//! It contains no HTTP server, no storage, and no `unsafe`. It starts no task of its own.
//!
//! | feature | adds | default |
//! |---|---|---|
//! | `breaker` | [`breaker`], [`keyed`]: stop calling what is down | no |
//! | `concurrency` | [`concurrency`]: at most so many at once | no |
//! | `deadline` | [`deadline`]: a limit on the time of a call | no |
//! | `fallback` | [`fallback`]: an answer when there is none, from elsewhere or from before | no |
//! | `rate-limit` | [`rate_limit`]: so much and no more, for all or for each key | no |
//! | `retry` | [`retry`]: try again, within a budget | no |
//! | `shed` | [`shed`]: refuse early what cannot be served, on servers and clients | no |
//! | `axum` | peer addresses and route templates as axum tells them, for [`rate_limit::key`] | no |
//! | `backoff` | [`retry`], with policies of the crate `backoff`, which is not maintained | no |
//! | `stack` | [`stack`]: the parts in the order that works, as one service | no |
//! | `testkit` | [`testkit`]: for tests: a scripted service, a look at whether everything is home, slow models | no |
//! | `full` | all of them but `backoff` and `testkit` | no |
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "breaker")]
pub mod breaker;
#[cfg(feature = "concurrency")]
pub mod concurrency;
pub mod config;
#[cfg(feature = "deadline")]
pub mod deadline;
#[cfg(feature = "fallback")]
pub mod fallback;
#[cfg(feature = "breaker")]
pub mod keyed;
#[cfg(feature = "rate-limit")]
pub mod rate_limit;
#[cfg(feature = "retry")]
pub mod retry;
#[cfg(any(
    feature = "breaker",
    feature = "concurrency",
    feature = "deadline",
    feature = "shed"
))]
mod shared;
#[cfg(feature = "shed")]
pub mod shed;
#[cfg(feature = "stack")]
pub mod stack;
#[cfg(feature = "testkit")]
pub mod testkit;

/// Compiles the example of the README.
#[cfg(all(doctest, feature = "full"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
