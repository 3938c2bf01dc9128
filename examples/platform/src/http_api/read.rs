//! What a request says beside its body.

use axum::extract::{FromRequestParts, Path, Query};
use http::request::Parts;
use ovasabi_core::{Code, Error};
use serde::de::DeserializeOwned;

/// The query of a request; one that cannot be read is a problem like any other.
pub(crate) struct ValidQuery<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ValidQuery<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(value)| Self(value)).map_err(|refused| {
            Error::new(Code::InvalidArgument, "http.query").detail(refused.body_text())
        })
    }
}

/// The parameters of a path; those that cannot be read, such as `%ff`, are a problem like any other.
pub(crate) struct ValidPath<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for ValidPath<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(value)| Self(value)).map_err(|refused| {
            // A handler that asks for what its route does not have is a bug of ours.
            if refused.status().is_server_error() {
                return Error::internal(refused);
            }
            Error::new(Code::InvalidArgument, "http.path")
                .detail("the path cannot be read")
                .caused_by(refused)
        })
    }
}
