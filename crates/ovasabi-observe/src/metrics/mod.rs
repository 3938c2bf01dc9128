//! Numbers, in the Prometheus text format.
//!
//! Components count in their own atomics and are asked when a scraper comes
//! ([`Registry`](ovasabi_core::inspect::Registry)); only latency histograms are pushed, by the HTTP layer.
//! Labels come from bounded sets: known methods, route templates up to a cap, status codes.

mod histogram;
mod http;
mod service;
mod text;

pub use http::HttpMetrics;
pub(crate) use http::{Ended, known_method};
pub use service::MetricsService;
pub(crate) use text::render;
