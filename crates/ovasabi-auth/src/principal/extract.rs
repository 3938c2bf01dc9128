//! The principal as an argument of axum handlers.

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;

use super::{Caller, Principal};
use crate::answer::{self, Refusal};

/// There is no principal: 401 when the layer found no credential, 500 when no layer covers the route.
#[derive(Debug)]
pub struct PrincipalRejection(Refusal);

impl<S: Sync> FromRequestParts<S> for Principal {
    type Rejection = PrincipalRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        match Caller::of(&parts.extensions) {
            Caller::Known(principal) => Ok(principal.clone()),
            Caller::Anonymous(anonymous) => Err(PrincipalRejection(anonymous.refusal())),
            Caller::Unchecked => Err(PrincipalRejection(answer::uncovered())),
        }
    }
}

/// `None` when an optional layer found no credential; a route that no layer covers answers 500 all the same.
impl<S: Sync> OptionalFromRequestParts<S> for Principal {
    type Rejection = PrincipalRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        _state: &S,
    ) -> Result<Option<Self>, Self::Rejection> {
        match Caller::of(&parts.extensions) {
            Caller::Known(principal) => Ok(Some(principal.clone())),
            Caller::Anonymous(_) => Ok(None),
            Caller::Unchecked => Err(PrincipalRejection(answer::uncovered())),
        }
    }
}

impl IntoResponse for PrincipalRejection {
    fn into_response(self) -> Response {
        self.0.to_response()
    }
}
