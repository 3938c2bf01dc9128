//! HTTP below the router: the server's accept loop, the pooled client and the streaming reverse proxy.
//!
//! | module | feature | what it is |
//! |---|---|---|
//! | `server` | `server` | timers, caps, a strict head check and a drain in two steps around hyper |
//! | `client` | `client`, `reqwest` | a pooled client that keeps the deadline of its [`Context`](crate::Context) |
//! | `proxy` | `proxy` | a reverse proxy that streams both ways and is generic over its client |
//! | [`PeerAddr`] | | who is on the other end of the connection |
//!
//! Routers, extractors and middleware are those of axum, tonic and tower: everything here is a
//! `tower::Service` or takes one.

#[cfg(any(feature = "server", feature = "proxy"))]
mod answer;
#[cfg(any(feature = "client", feature = "reqwest"))]
pub mod client;
mod peer;
#[cfg(feature = "proxy")]
pub mod proxy;
#[cfg(feature = "server")]
pub mod server;

#[cfg(any(feature = "server", feature = "proxy"))]
pub use answer::AnswerBody;
pub use peer::PeerAddr;
