//! The HTTP client that asks issuers: yours, behind limits that hold whatever it is.
//!
//! Who verifies tokens has to ask somebody for keys and facts. Which client does that, with which TLS, proxy and
//! metrics, is yours to say: [`HttpClient`] takes any `tower` service over `http` types, or a [`Fetch`] of your own.
//! What it may do is not:
//!
//! * it asks [endpoints](Endpoint) alone: `https`, or `http` on this machine; never a link-local address, where
//!   clouds keep their secrets, nor a unique local one (`fd00::/8`);
//! * it never follows a redirect: an answer that is one is an error;
//! * an answer is there within [`Limits::timeout`] and has at most [`Limits::max_bytes`]: more is not read;
//! * nothing is decompressed: no small answer grows.
//!
//! ```
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use ovasabi_auth::http::{FetchError, HttpClient, Limits};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // In production: `HttpClient::from_service::<Full<Bytes>, _, _>(from_reqwest(client))`, of a client with
//! // `redirect::Policy::none()`.
//! let client = HttpClient::from_service(tower::service_fn(async |request: Request<Full<Bytes>>| {
//!     let body = format!("you asked for {}", request.uri().path()).into();
//!     Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::new(body)))
//! }));
//!
//! let request = Request::get("https://accounts.example/keys").body(Bytes::new())?;
//! assert_eq!(client.send(request, Limits::default()).await?.body(), "you asked for /keys");
//!
//! let request = Request::get("http://169.254.169.254/latest/meta-data").body(Bytes::new())?;
//! assert!(matches!(client.send(request, Limits::default()).await, Err(FetchError::Endpoint(_))));
//! # Ok(())
//! # }
//! ```
//!
//! In deployment: a name can point anywhere, and only the network knows where it does. Whoever lets others choose
//! the issuer keeps this process from reaching what it must not, by a proxy or by rules of the network.

mod client;
mod endpoint;
mod error;
mod limits;
mod read;
mod service;

pub use client::{Fetch, FetchFuture, HttpClient};
pub use endpoint::{Endpoint, EndpointError};
pub use error::FetchError;
pub use limits::Limits;
