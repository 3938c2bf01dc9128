//! Rejections as answers of axum handlers.

use axum_core::response::{IntoResponse, Response};

use super::Rejection;

/// Problem details, marked as a refusal of ours: what [`AsResponse`](super::AsResponse) answers.
impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.into_http()
    }
}
