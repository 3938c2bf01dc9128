//! The HTTP server: an accept loop of our own around hyper, for everything below the router.
//!
//! Out of the box a connection to a Rust service may send nothing for ever, drip a head byte by byte, say
//! its length twice, and is reset when the process stops. [`Server`] serves any `tower::Service` (an axum
//! `Router`, a tonic `Routes`, a `service_fn`) on any [`Listener`] by these rules:
//!
//! * **timers** count from clear events: accept → first byte, first byte → end of head (408), end of an
//!   answer → next head. No byte resets a timer but the one that ends its wait;
//! * **caps**: connections, header lines and bytes (431), target (414), body (413, announced or streamed),
//!   HTTP/2 streams. See [`ServerConfig`] for units, ranges and defaults;
//! * **a head check before hyper** refuses what another parser might read otherwise: both framings or one
//!   of them twice, bare line feeds, folded lines, control characters, no host or two, a target that climbs.
//!   Every refusal is a problem (RFC 9457) and closes the connection;
//! * **one request, one answer**: an error of the service, a panic in it and a body over its limit are
//!   answered as problems; nothing takes the server down;
//! * **a drain in two steps**: [`ServerHandle::drain`] asks clients to leave while everybody is still
//!   served; [`ServerHandle::close`] closes the listener and waits for what is under way. Counters add up:
//!   accepted = answered + disconnected + aborted.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! use std::convert::Infallible;
//! use std::time::Duration;
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use ovasabi_core::http::server::{RequestBody, Server, memory};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! use tower::service_fn;
//!
//! let app = service_fn(|_: Request<RequestBody>| async {
//!     Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("hello"))))
//! });
//! let (connector, listener) = memory(); // or a `tokio::net::TcpListener`
//! let server = Server::new();
//! let handle = server.handle();
//! tokio::spawn(server.serve(listener, app));
//!
//! let mut client = connector.connect().await?;
//! client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n").await?;
//! let mut answers = String::new();
//! client.read_to_string(&mut answers).await?;
//! assert!(answers.starts_with("HTTP/1.1 200 OK"));
//! assert!(answers.contains("HTTP/1.1 400 Bad Request") && answers.contains("http.host_repeated"));
//!
//! let report = handle.shutdown(Duration::ZERO, Duration::from_secs(5)).await;
//! assert_eq!((report.accepted, report.answered), (1, 1)); // the refused head reached nobody
//! # Ok(())
//! # }
//! ```
//!
//! # Where it belongs
//!
//! At the very outside: what it refuses is in its counters ([`inspect`](ServerBuilder::inspect)) and in
//! `debug` events, not in the access log of the layers inside. TLS is a [`Listener`] whose stream is
//! decrypted.
//!
//! # In deployment
//!
//! * A load balancer must close idle connections before this server does: its idle timer below
//!   `idle_timeout`. Otherwise it sends requests into connections that are being closed.
//! * The drain delay must be longer than the balancer needs to notice that readiness says 503.
//! * A request goes on for `hang_up_grace` after its client has closed its sending side, for on TCP that may
//!   also be a client that still reads. Raise it for clients that half-close and wait.
//! * No timer is about bodies: a deadline bounds a handler that reads a slow one, and `max_connections` how
//!   many clients may be slow to read their answers.
//! * While a handler does not read a body that is there, hyper does not read either, and a hang-up shows at
//!   the next write only. A deadline bounds that.
//!
//! Sources: RFC 9112 (HTTP/1.1 framing, §2.2, §6, §7.1, §9.6), RFC 9110, RFC 9113, RFC 9457. Every strict rule
//! and its answer is listed in `docs/http-server.md`.

mod backoff;
mod body;
mod builder;
mod config;
mod connection;
mod error;
mod exchange;
mod flight;
mod gate;
mod handle;
mod limit;
mod listener;
mod reply;
mod serve;
mod service;
mod state;

pub use body::{BodyLimit, RequestBody};
pub use builder::ServerConfigBuilder;
pub use config::ServerConfig;
pub use error::{ConfigError, ConfigProblem};
pub use handle::{DrainReport, ServerHandle};
pub use limit::{BodyLimitLayer, BodyLimitService};
pub use listener::{Listener, MemoryConnector, MemoryListener, memory};
pub use serve::{Server, ServerBuilder};

/// Compiles the example of the page.
#[cfg(doctest)]
#[doc = include_str!("../../../../../docs/http-server.md")]
struct Page;
