//! The public behaviour of `ovasabi-observe`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod http_server;
mod log_filter;
mod logs;
mod metrics_text;
mod redact;
mod sink;
