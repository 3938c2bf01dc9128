//! One layer for HTTP servers: a span, the numbers and the access log of each request, to its last byte.
//!
//! A span that ends with the response's head calls a download of ten minutes a matter of microseconds, and
//! a gauge that forgets requests whose caller hung up climbs for ever. [`HttpServerLayer`] follows the body:
//!
//! * a request **begins** when the service is called and **ends** once: at the last byte or the trailers
//!   (`complete`), at a body error (`body_error`), when the caller hangs up before or after the head
//!   (`cancelled`), or when the service inside fails (`service_error`) or panics (`panic`);
//! * a body that is dropped at the length that its head promises is complete, and so is one that nobody sends
//!   (HEAD, 204, 304): servers ask such bodies for nothing more;
//! * the span is entered whenever the service or the body is polled, so that every log line has its ids;
//! * the metrics know the route template, never the path; unknown methods are `_OTHER`;
//! * the access log has the path without its query, for queries carry tokens.
//!
//! It belongs inside [`ContextLayer`](ovasabi_core::context::ContextLayer), whose ids it shows, and outside
//! all that may refuse a request, so that refusals are seen. The route comes from axum's `MatchedPath`
//! (feature `axum`, with `Router::layer`), or from a [`RouteTemplate`] in the extensions of the request or
//! of the response.
//!
//! ```
//! use http_body_util::Full;
//! use bytes::Bytes;
//! use ovasabi_observe::Telemetry;
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let telemetry = Telemetry::builder("shop").without_logs().install().unwrap();
//! let service = telemetry.http_server().layer(service_fn(|_request: http::Request<()>| async {
//!     Ok::<_, std::io::Error>(http::Response::new(Full::new(Bytes::from("hello"))))
//! }));
//! let response = service.oneshot(http::Request::new(())).await.unwrap();
//! assert!(telemetry.prometheus_text().contains("http_server_active_requests 1"));
//! drop(response);
//! assert!(telemetry.prometheus_text().contains("http_server_active_requests 0"));
//! # }
//! ```
//!
//! Source: OpenTelemetry semantic conventions for HTTP.

mod body;
pub mod future;
mod layer;
mod record;
mod route;
mod service;

pub use body::ObservedBody;
pub use layer::HttpServerLayer;
pub use route::RouteTemplate;
pub use service::HttpServerService;
