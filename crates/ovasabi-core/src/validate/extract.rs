//! Valid JSON bodies as arguments of axum handlers.

use axum_core::extract::rejection::BytesRejection;
use axum_core::extract::{FromRequest, Request};
use bytes::Bytes;
use garde::Validate;
use http::StatusCode;
use serde::de::DeserializeOwned;

use super::{require_json, valid_json};
use crate::{Code, Error};

/// A JSON body that keeps all of its rules, as an argument of an axum handler.
///
/// Answers with a problem: 415 for another content type, 413 for a body above the limit of the route or the
/// server, 400 for what is not JSON, 422 with every field that is missing, of a wrong type, or breaks a rule.
///
/// ```
/// use garde::Validate;
/// use ovasabi_core::validate::ValidJson;
///
/// #[derive(serde::Deserialize, Validate)]
/// struct SignUp {
///     #[garde(length(min = 1))]
///     name: String,
/// }
///
/// async fn sign_up(ValidJson(body): ValidJson<SignUp>) -> String {
///     body.name
/// }
/// # let _ = sign_up;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValidJson<T>(pub T);

impl<T, S> FromRequest<S> for ValidJson<T>
where
    T: DeserializeOwned + Validate,
    T::Context: Default,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let JsonBytes(body) = JsonBytes::from_request(request, state).await?;
        valid_json(&body).map(Self)
    }
}

/// The bytes of a JSON body, not read yet, as an argument of an axum handler: for those who check a signature of them
/// before they believe a word. [`valid_json`] reads them.
///
/// Answers with a problem: 415 for another content type, 413 for a body above the limit of the route or the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonBytes(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonBytes {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        require_json(request.headers())?;
        let body = Bytes::from_request(request, state).await;
        body.map(Self).map_err(unread)
    }
}

/// The answer to a body that could not be read: what the server said of it, if it did.
fn unread(rejection: BytesRejection) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&rejection);
    while let Some(error) = cause {
        if let Some(own) = error.downcast_ref::<Error>() {
            let same = Error::new(own.code(), own.reason().to_owned())
                .detail(own.public_detail().to_owned());
            return same
                .with_http_status(own.http_status())
                .caused_by(rejection);
        }
        cause = error.source();
    }
    let error = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Error::new(Code::InvalidArgument, "http.body_too_large")
            .detail("the body is too large")
            .with_http_status(StatusCode::PAYLOAD_TOO_LARGE)
    } else {
        Error::new(Code::InvalidArgument, "http.body_unreadable")
            .detail("the body could not be read to its end")
    };
    error.caused_by(rejection)
}
