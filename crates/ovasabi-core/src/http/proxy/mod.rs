//! A reverse proxy that streams both ways and buffers nothing.
//!
//! [`Proxy`] is a `tower::Service` around a client service: put routing, limits and authentication in
//! front, retries, breakers and load balancing behind. For each request it
//!
//! * points the target at the upstream and keeps path and query as they came;
//! * strips hop-by-hop headers both ways, those that `Connection` nominates too (RFC 9110 §7.6.1), and
//!   refuses a request that nominates a header it must not lose, such as `Authorization`;
//! * keeps `TE: trailers`, and with it the trailers of the answer;
//! * replaces `Forwarded` and every `X-Forwarded-*`, whatever the client wrote, unless told to
//!   [trust](Forwarding::Append) it; adds `Via`. Whether that was TLS, it must be
//!   [told](Proxy::received_over);
//! * streams both bodies with their back-pressure; a client that hangs up drops the upstream call;
//! * answers a failure of the upstream with a problem: 503 where it cannot be reached, 502 where it broke
//!   off, 504 at the deadline. No private text leaves.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), ovasabi_core::error::BoxError> {
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::{BodyExt, Full};
//! use ovasabi_core::http::proxy::Proxy;
//! use tower::{ServiceExt as _, service_fn};
//!
//! let upstream = service_fn(|request: Request<Full<Bytes>>| async move {
//!     assert_eq!(request.uri(), "http://accounts.internal:8000/v1/me?full=1");
//!     assert!(!request.headers().contains_key("x-hop"));
//!     Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from("hello"))))
//! });
//! let proxy = Proxy::new("http://accounts.internal:8000".parse()?, upstream)?;
//!
//! let request = Request::get("/v1/me?full=1").header("connection", "x-hop").header("x-hop", "1");
//! let answer = proxy.clone().oneshot(request.body(Full::default())?).await?;
//! assert_eq!(answer.into_body().collect().await?.to_bytes(), "hello");
//!
//! let refused = Request::get("/v1/me").header("connection", "authorization").body(Full::default())?;
//! assert_eq!(proxy.oneshot(refused).await?.status(), 400);
//! # Ok(())
//! # }
//! ```
//!
//! Upgrades (`WebSocket`) are not passed on: `Upgrade` is stripped, and the upstream answers as to any
//! request.

mod forwarding;
mod future;
mod hop;
mod service;

pub use forwarding::Forwarding;
pub use future::ResponseFuture;
pub use service::{InvalidUpstream, Proxy};
