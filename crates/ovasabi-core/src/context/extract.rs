//! The context as an argument of axum handlers.

use std::future::{Ready, ready};

use axum_core::extract::FromRequestParts;
use http::request::Parts;

use super::Context;
use crate::Error;

/// The context that a [`ContextLayer`](super::ContextLayer) opened. Without one the request is answered with
/// an internal error, whose private cause says what is missing.
impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = Error;

    fn from_request_parts(
        parts: &mut Parts,
        _state: &S,
    ) -> impl Future<Output = Result<Self, Error>> + Send {
        from_parts(parts)
    }
}

fn from_parts(parts: &Parts) -> Ready<Result<Context, Error>> {
    let found = parts.extensions.get::<Context>().cloned();
    ready(found.ok_or_else(|| {
        Error::internal("no context in the request: add a ContextLayer outside of this route")
    }))
}
