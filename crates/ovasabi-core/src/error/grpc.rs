//! Errors as gRPC status headers, and back, without a gRPC library.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};

use super::{Code, Error};

pub(crate) const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
pub(crate) const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
pub(crate) const GRPC_PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

/// What gRPC asks to be percent-encoded in `grpc-message`: all but space to `~`, and `%` itself
/// ("gRPC over HTTP2", Responses).
const MESSAGE: &AsciiSet = &CONTROLS.add(b'%');

impl Error {
    /// Writes the public half as `grpc-status`, `grpc-message` and, where a delay is known or a retry is ruled
    /// out, `grpc-retry-pushback-ms`: into the head of a trailers-only answer, or into trailers.
    pub fn write_grpc_headers(&self, headers: &mut HeaderMap) {
        headers.insert(
            GRPC_STATUS,
            HeaderValue::from(u16::from(self.code().number())),
        );
        let message = utf8_percent_encode(self.public_detail(), MESSAGE).to_string();
        if let Ok(message) = HeaderValue::try_from(message) {
            headers.insert(GRPC_MESSAGE, message);
        }
        if let Some(pushback) = Pushback::of(self) {
            pushback.write(headers);
        }
    }

    /// Reads `grpc-status` and its companions from a head or from trailers.
    ///
    /// `None` without a status and for `OK`. A status that is not a number from 0 to 16 is
    /// [`Code::Unknown`], as the gRPC specification asks.
    #[must_use]
    pub fn from_grpc_headers(headers: &HeaderMap) -> Option<Self> {
        let status = headers.get(GRPC_STATUS)?;
        let number = status
            .to_str()
            .ok()
            .and_then(|text| text.parse::<u32>().ok());
        if number == Some(0) {
            return None;
        }
        let code = number.and_then(Code::from_number).unwrap_or(Code::Unknown);
        let mut error = Self::new(code, "upstream");
        if let Some(message) = headers.get(GRPC_MESSAGE) {
            let text = percent_decode(message.as_bytes())
                .decode_utf8_lossy()
                .into_owned();
            if !text.is_empty() {
                error = error.detail(text);
            }
        }
        Some(match Pushback::read(headers) {
            Some(pushback) => pushback.apply(error),
            None => error,
        })
    }
}

/// What `grpc-retry-pushback-ms` says (gRFC A6, Pushback).
pub(super) enum Pushback {
    After(Duration),
    Never,
}

impl Pushback {
    pub(super) fn of(error: &Error) -> Option<Self> {
        match error.retryable_override() {
            Some(false) => Some(Self::Never),
            Some(true) | None => error.retry_delay().map(Self::After),
        }
    }

    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let value = match self {
            // Rounded up: whoever comes back a fraction early is refused again.
            Self::After(delay) => {
                let millis = delay.as_nanos().div_ceil(1_000_000);
                HeaderValue::from(u64::try_from(millis).unwrap_or(u64::MAX))
            }
            Self::Never => HeaderValue::from_static("-1"),
        };
        headers.insert(GRPC_PUSHBACK, value);
    }

    /// What is no number, and what is below zero, asks not to retry at all.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(GRPC_PUSHBACK)?;
        let millis = value.to_str().ok().and_then(|text| text.parse().ok());
        Some(millis.map_or(Self::Never, |millis| {
            Self::After(Duration::from_millis(millis))
        }))
    }

    pub(super) fn apply(self, error: Error) -> Error {
        match self {
            Self::After(delay) => error.retry_after(delay),
            Self::Never => error.retryable(false),
        }
    }
}
