//! Why a head is refused, and the answer that says so.

use http::StatusCode;

use crate::error::{Code, Error};
use crate::http::server::ServerConfig;
use crate::http::server::body::too_large;
use crate::time::{HttpDate, WallClock};

/// One strict rule that a head breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    RequestLine,
    Target,
    LineEnd,
    Folded,
    Header,
    HostMissing,
    HostTwice,
    Host,
    HostMismatch,
    Length,
    LengthTwice,
    LengthAndEncoding,
    Encoding,
    UnknownEncoding,
    UpgradeWithBody,
    Expectation,
    Version,
    UnknownMethod,
    Method,
    UriTooLong,
    HeadTooLarge,
    TooManyHeaders,
    BodyTooLarge,
    Timeout,
}

/// The methods that we pass on, for `Allow` (RFC 9110 §15.5.6).
pub(in crate::http::server) const ALLOW: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

impl Refusal {
    const fn reason(self) -> (&'static str, &'static str) {
        match self {
            Self::RequestLine => ("http.bad_request_line", "the request line is not valid"),
            Self::Target => ("http.bad_target", "the request target is not valid"),
            Self::LineEnd => ("http.bare_line_feed", "lines must end with CR LF"),
            Self::Folded => ("http.folded_header", "header lines must not be folded"),
            Self::Header => ("http.bad_header", "a header line is not valid"),
            Self::HostMissing => ("http.host_missing", "the host header is missing"),
            Self::HostTwice => ("http.host_repeated", "there is more than one host header"),
            Self::Host => ("http.bad_host", "the host header is not valid"),
            Self::HostMismatch => (
                "http.host_mismatch",
                "the host header is not the target's authority",
            ),
            Self::Length => (
                "http.bad_content_length",
                "the content length is not a number",
            ),
            Self::LengthTwice => (
                "http.content_length_repeated",
                "there is more than one content length",
            ),
            Self::LengthAndEncoding => (
                "http.ambiguous_framing",
                "content length and transfer encoding exclude each other",
            ),
            Self::Encoding => (
                "http.bad_transfer_encoding",
                "the transfer encoding is not valid",
            ),
            Self::UnknownEncoding => (
                "http.unknown_transfer_encoding",
                "the only transfer encoding is chunked",
            ),
            Self::UpgradeWithBody => (
                "http.upgrade_with_body",
                "a request to upgrade must not have a body",
            ),
            Self::Expectation => (
                "http.unknown_expectation",
                "the only expectation is 100-continue",
            ),
            Self::Version => (
                "http.unknown_version",
                "the versions are HTTP/1.0, HTTP/1.1 and HTTP/2",
            ),
            Self::UnknownMethod => ("http.unknown_method", "the method is not known"),
            Self::Method => ("http.method_not_allowed", "the method is not allowed"),
            Self::UriTooLong => ("http.uri_too_long", "the request target is too long"),
            Self::HeadTooLarge => ("http.head_too_large", "the request head is too large"),
            Self::TooManyHeaders => (
                "http.too_many_headers",
                "the request has too many header lines",
            ),
            Self::BodyTooLarge => ("http.body_too_large", "the request body is too large"),
            Self::Timeout => ("http.head_timeout", "the request head took too long"),
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::Expectation => StatusCode::EXPECTATION_FAILED,
            Self::HeadTooLarge | Self::TooManyHeaders => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Self::UnknownMethod | Self::UnknownEncoding => StatusCode::NOT_IMPLEMENTED,
            Self::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// What the client may read of it.
    pub(super) fn error(self, config: &ServerConfig) -> Error {
        let code = match self {
            Self::Timeout => Code::DeadlineExceeded,
            Self::UnknownMethod | Self::Method | Self::UnknownEncoding | Self::Version => {
                Code::Unimplemented
            }
            _ => Code::InvalidArgument,
        };
        let (reason, detail) = self.reason();
        let error = Error::new(code, reason)
            .detail(detail)
            .with_http_status(self.status());
        match self {
            Self::BodyTooLarge => too_large(config.max_body_limit()),
            Self::UriTooLong => error.metadata("limit", config.max_uri_bytes()),
            Self::HeadTooLarge => error.metadata("limit", config.max_head_bytes()),
            Self::TooManyHeaders => error.metadata("limit", config.max_headers()),
            _ => error,
        }
    }

    /// The whole answer, as bytes: hyper never sees a refused head, so it cannot write this.
    pub(super) fn answer(self, config: &ServerConfig, is_head: bool) -> Vec<u8> {
        let error = self.error(config);
        let status = error.http_status();
        let response: http::Response<bytes::Bytes> = error.to_response(None);
        let phrase = status.canonical_reason().unwrap_or_default();
        let mut out = format!("HTTP/1.1 {} {phrase}\r\n", status.as_str()).into_bytes();
        let mut line = |name: &str, value: &[u8]| {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        };
        for (name, value) in response.headers() {
            line(name.as_str(), value.as_bytes());
        }
        if self == Self::Method {
            line("allow", ALLOW.as_bytes());
        }
        line(
            "content-length",
            response.body().len().to_string().as_bytes(),
        );
        line("connection", b"close");
        line(
            "date",
            HttpDate(WallClock::system().now()).to_string().as_bytes(),
        );
        out.extend_from_slice(b"\r\n");
        // An answer to HEAD has no content, whatever it says (RFC 9110 §9.3.2).
        if !is_head {
            out.extend_from_slice(response.body());
        }
        out
    }
}
