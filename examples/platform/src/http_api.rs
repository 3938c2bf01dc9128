//! JSON in and out, with one kind of error for everything that can be wrong.

pub(crate) use axum::Json;
use axum::extract::{FromRequest, Request};
use garde::Validate;
use ovasabi_core::{Code, Error};
use serde::de::DeserializeOwned;

/// A JSON body that has been read and holds to its rules; every field that breaks one is named.
pub(crate) struct ValidJson<T>(pub(crate) T);

impl<S, T> FromRequest<S> for ValidJson<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let Json(value) = Json::<T>::from_request(request, state)
            .await
            .map_err(|refused| {
                Error::new(Code::InvalidArgument, "http.body")
                    .detail(refused.body_text())
                    .with_http_status(refused.status())
            })?;
        value.validate().map_err(|report| {
            let broken = Error::new(Code::InvalidArgument, "http.invalid_fields");
            report.iter().fold(broken, |error, (path, rule)| {
                error.violation(path.to_string(), "rule", rule.message())
            })
        })?;
        Ok(Self(value))
    }
}
