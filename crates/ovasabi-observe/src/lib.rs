//! Logs, spans and metrics for tower services, in one call.
//!
//! ```
//! use ovasabi_observe::{LogFormat, Telemetry};
//!
//! let telemetry = Telemetry::builder("shop").log_format(LogFormat::Json).log_filter("info").install()?;
//! let layer = telemetry.http_server(); // span, metrics and access log of every request
//! let page = telemetry.prometheus_text();
//! # let _ = (layer, page);
//! # Ok::<(), ovasabi_observe::InstallError>(())
//! ```
//!
//! What it does not do: it has no business metrics of its own, exports nothing by itself, and keeps no
//! global but the `tracing` subscriber that [`Telemetry`] installs.
//!
//! | module | what it is |
//! |---|---|
//! | [`telemetry`] | the one call, and what it hands out |
//! | [`http`] | the layer for HTTP servers |
//! | [`metrics`] | the numbers and their text |
//! | [`log`] | how lines look |
//! | [`redact`] | what they never show |
//!
//! | feature | what it adds | default |
//! |---|---|---|
//! | `axum` | route templates from axum's `MatchedPath` | no |
//! | `full` | all of them | no |
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod http;
pub mod log;
pub mod metrics;
pub mod redact;
pub mod telemetry;

pub use http::HttpServerLayer;
pub use log::LogFormat;
pub use telemetry::{InstallError, LogFilterError, Telemetry};

/// Compiles the examples of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/observe.md")]
struct Guide;
