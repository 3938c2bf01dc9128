//! The ideas that every layer of a production service shares: one context, one error, one refusal, one way to
//! look inside.
//!
//! ```
//! use std::time::Duration;
//!
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use ovasabi_core::context::{Cause, ContextLayer};
//! use ovasabi_core::{Code, Context, Error};
//! use tower::{BoxError, ServiceExt, service_fn};
//!
//! /// Work takes its context as an argument, and stops with it.
//! async fn find_user(cx: &Context) -> Result<String, Error> {
//!     let slow_query = std::future::pending::<String>();
//!     cx.run(slow_query).await
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! let service = ContextLayer::new().wrap(service_fn(async |request: Request<()>| {
//!     let cx = request.extensions().get::<Context>().cloned().unwrap_or_else(Context::background);
//!     Ok::<Response<Full<Bytes>>, BoxError>(match find_user(&cx).await {
//!         Ok(user) => Response::new(user.into()),
//!         Err(error) => error.into_http(Some("/users/7")),
//!     })
//! }));
//!
//! // The caller waits for 20 ms, and says so.
//! let request = Request::builder().header("x-request-timeout-ms", "20").body(())?;
//! let response = service.oneshot(request).await?;
//! assert_eq!(response.status(), 504);
//! assert_eq!(response.headers()["content-type"], "application/problem+json");
//! # Ok(())
//! # }
//! ```
//!
//! It does not contain the policies: breakers, retries and limits are in `ovasabi-resilience`, logs, traces and
//! metrics in `ovasabi-observe`, who may do what in `ovasabi-auth`. All of them build on this crate, and it on
//! none of them. It has no global state, no `unsafe` code and no macros of its own.
//!
//! # Always there
//!
//! | module | idea |
//! |---|---|
//! | [`context`] | deadline, cancellation, identity of a request, as an argument; headers in and out |
//! | [`error`] | one error with a public and a private half, as problem details and as gRPC status |
//! | [`reject`] | what a layer says when it does not pass a request on |
//! | [`classify`] | success, failure, or neither? one reading for all layers |
//! | [`body`] | when work is over: at the head, or with the last byte |
//! | [`admit`] | may this go ahead? the question that caches and queues ask a limiter |
//! | [`inspect`] | counters, states and controls of everything that has some |
//! | [`backoff`] | how long to wait before the next try |
//! | [`time`] | clocks that tests can hold still |
//!
//! # Features
//!
//! None is on by default. None changes what another one does.
//!
//! | feature | adds |
//! |---|---|
//! | `app` | `health`: probes; `lifecycle`: ordered start and stop |
//! | `config` | `config`: one typed struct from file, environment and arguments |
//! | `server` | `http::server`: an accept loop with timers, caps and a drain |
//! | `client` | `http::client`: a pooled client |
//! | `proxy` | `http::proxy`: a streaming reverse proxy; implies `client` |
//! | `validate` | `validate`: field rules with garde, as violations of an [`Error`] |
//! | `axum` | [`Context`] as an extractor, [`Error`] and [`Rejection`] as responses |
//! | `grpc` | [`Error`] to and from `tonic::Status`, with details |
//! | `reqwest` | reqwest's types for classifiers and client layers, its client as a service |
//! | `sqlite` | `repository`: traits, units of work, SQLite; `repository::outbox`: events for others |
//! | `cache` | `cache`: a bounded cache with one load for all that miss |
//! | `worker` | `worker`: a bounded pool of workers; with `sqlite` `worker::queue`: jobs that must not be lost |
//! | `full` | all of the above |
//! | `test-util` | [`time::Clock::system`] follows tokio's paused time; for dev-dependencies alone |
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod admit;
pub mod backoff;
pub mod body;
pub mod classify;
pub mod context;
pub mod error;
pub mod http;
pub mod inspect;
pub mod reject;
pub mod time;
#[cfg(any(feature = "sqlite", feature = "worker"))]
mod unwind;

#[cfg(feature = "cache")]
pub mod cache;
#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "app")]
pub mod health;
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
