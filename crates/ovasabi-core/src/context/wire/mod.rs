//! What a context looks like in headers, without any framework.
//!
//! | header | meaning | in | out |
//! |---|---|---|---|
//! | [`X_REQUEST_ID`] | the id of the request | checked character by character, at most 128 bytes | as it is |
//! | [`TRACEPARENT`], [`TRACESTATE`] | place in a trace (W3C) | strict, one parent alone; the state at most 512 bytes | this hop as parent |
//! | [`GRPC_TIMEOUT`] | what the caller still waits | at most 8 digits and a unit | what is left, rounded down |
//! | [`X_REQUEST_TIMEOUT_MS`] | the same for HTTP, in milliseconds | digits only | what is left, rounded down |
//! | [`BAGGAGE`] | facts for every hop (W3C) | allowed keys only | allowed keys only |
//!
//! * What is not valid is ignored, as if it had not been sent: headers come from strangers.
//! * No hop ever gives the next one more time than it has: values are rounded down.
//!
//! ```
//! use std::time::Duration;
//! use ovasabi_core::context::wire;
//!
//! let sent = wire::format_grpc_timeout(Duration::from_millis(1_500));
//! assert_eq!(sent, "1500000u");
//! assert_eq!(wire::parse_grpc_timeout(&sent), Some(Duration::from_millis(1_500)));
//! assert_eq!(wire::parse_grpc_timeout(&http::HeaderValue::from_static("1.5S")), None);
//! ```
//!
//! Sources: "gRPC over HTTP2" (Requests, Timeout); W3C Trace Context; W3C Baggage.

mod baggage;
mod timeout;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName};

pub use baggage::{Baggage, BaggageKeys};
pub use timeout::{format_grpc_timeout, format_timeout_ms, parse_grpc_timeout, parse_timeout_ms};

/// The header of the request id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The header of the place in a trace: W3C Trace Context §3.2.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The header that other tracing systems write theirs into: W3C Trace Context §3.3.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// The timeout of a gRPC call.
pub const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// The timeout of an HTTP call, in whole milliseconds.
pub const X_REQUEST_TIMEOUT_MS: HeaderName = HeaderName::from_static("x-request-timeout-ms");
/// The header of the baggage: W3C Baggage §3.
pub const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// Whether the content type is gRPC: `application/grpc`, alone or with a `+suffix` or parameters.
///
/// gRPC-Web is not: it has its trailers in the body, so nothing here can answer it.
#[must_use]
pub fn is_grpc(headers: &HeaderMap) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    let Some(value) = headers.get(CONTENT_TYPE).map(|value| value.as_bytes()) else {
        return false;
    };
    let Some((essence, rest)) = value.split_at_checked(GRPC.len()) else {
        return false;
    };
    essence.eq_ignore_ascii_case(GRPC) && matches!(rest.first(), None | Some(b'+' | b';' | b' '))
}
