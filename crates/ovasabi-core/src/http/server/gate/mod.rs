//! The head check before hyper.

use http::StatusCode;

use crate::error::{Code, Error};

/// Whether hyper's error stands for a body that we found broken.
pub(super) fn is_malformed_body(_error: &hyper::Error) -> bool {
    false
}

pub(super) fn uri_too_long(limit: usize) -> Error {
    Error::new(Code::InvalidArgument, "http.uri_too_long")
        .with_http_status(StatusCode::URI_TOO_LONG)
        .detail("the request target is too long")
        .metadata("limit", limit)
}

pub(super) fn too_many_headers(limit: usize) -> Error {
    Error::new(Code::InvalidArgument, "http.too_many_headers")
        .with_http_status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
        .detail("the request has too many header lines")
        .metadata("limit", limit)
}
