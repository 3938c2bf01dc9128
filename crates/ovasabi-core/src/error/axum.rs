//! Errors as answers of axum handlers.

use axum_core::response::{IntoResponse, Response};

use super::Error;

/// Problem details, with the error itself inside for the layers outside ([`Error::into_http`]).
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.into_http(None)
    }
}
