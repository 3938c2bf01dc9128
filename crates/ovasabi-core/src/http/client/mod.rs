//! The HTTP client: pooled, streaming, and never slower than its deadline.
//!
//! A client that does not know the deadline of the request it works for goes on long after everybody has
//! left. [`Client`] takes the [`Context`](crate::Context) of each request (from its extensions, where
//! [`Context::attach`](crate::Context::attach) puts it, else from the task):
//!
//! * connecting, waiting for the head and reading the body all end with the deadline or the cancellation;
//! * dropping the future or the body drops the call, and closes an HTTP/1 connection in mid-answer;
//! * errors are [`Error`](crate::Error)s with stable reasons, and the real cause for the log alone:
//!   [`Failure::find`] tells whether the request can have been seen by the other side.
//!
//! ```
//! # use ovasabi_core as _;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use bytes::Bytes;
//! use http_body_util::Empty;
//! use ovasabi_core::http::client::{Client, Failure};
//! use tower::ServiceExt as _;
//!
//! let client: Client<Empty<Bytes>> = Client::new();
//! // Nobody listens on the discard port of this machine.
//! let request = http::Request::get("http://127.0.0.1:9/").body(Empty::new()).unwrap();
//! let error = client.oneshot(request).await.unwrap_err();
//! assert_eq!(error.http_status(), 503);
//! assert!(!Failure::find(&error).unwrap().may_have_been_sent()); // safe to try elsewhere
//! # }
//! ```
//!
//! Plain HTTP only for now; [`from_reqwest`] wraps a reqwest client, with whatever TLS it was built with.

#[cfg(feature = "client")]
mod body;
mod failure;
#[cfg(feature = "client")]
mod pool;
#[cfg(feature = "reqwest")]
mod reqwest;
mod watch;

#[cfg(feature = "client")]
pub use body::ClientBody;
pub use failure::{Failure, FailureKind};
#[cfg(feature = "client")]
pub use pool::{Client, ClientBuilder, ResponseFuture};
#[cfg(feature = "reqwest")]
pub use reqwest::{ReqwestFuture, ReqwestService, from_reqwest};
