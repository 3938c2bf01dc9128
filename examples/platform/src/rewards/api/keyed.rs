//! Requests that may be sent again under their key.

use aws_lc_rs::digest;
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use garde::Validate;
use http::{HeaderMap, HeaderValue, header};
use ovasabi_core::validate::{JsonBytes, valid_json};
use ovasabi_core::{Code, Error, Result};
use serde::de::DeserializeOwned;

use crate::rewards::repository::idempotency::{Answer, KeyedRequest};

/// The longest key, in bytes.
const MAX_KEY: usize = 200;

/// Said of an answer that was given before.
const REPLAYED: &str = "idempotency-replayed";

/// The body of a request under a key, not read yet: it may have to be verified first.
pub(super) struct Keyed {
    pub(super) body: Bytes,
    key: Result<String>,
    route: String,
    hash: Vec<u8>,
}

impl<S: Send + Sync> FromRequest<S> for Keyed {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        let route = MatchedPath::from_request_parts(&mut parts, state).await;
        let route = route.map_err(Error::internal)?;
        let (method, path) = (parts.method.clone(), parts.uri.path().to_owned());
        let key = key(&parts.headers);
        let request = Request::from_parts(parts, body);
        let JsonBytes(body) = JsonBytes::from_request(request, state).await?;
        let mut hash = digest::Context::new(&digest::SHA256);
        // Neither a method nor a path has a line break in it.
        hash.update(format!("{method}\n{path}\n").as_bytes());
        hash.update(&body);
        Ok(Self {
            body,
            key,
            route: format!("{method} {}", route.as_str()),
            hash: hash.finish().as_ref().to_vec(),
        })
    }
}

impl Keyed {
    /// What it asks for, and what it is known by when it is sent again. All that is wrong is told at once.
    pub(super) fn read<T>(self) -> Result<(KeyedRequest, T)>
    where
        T: DeserializeOwned + Validate,
        T::Context: Default,
    {
        let value = valid_json(&self.body);
        match (self.key, value) {
            (Ok(key), Ok(value)) => {
                let (route, hash) = (self.route, self.hash);
                Ok((KeyedRequest { route, key, hash }, value))
            }
            (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
            (Err(no_key), Err(bad_body)) => {
                let all = no_key.violations().iter().cloned();
                Err(all.fold(bad_body, |error, one| {
                    error.violation(one.field, one.rule, one.detail)
                }))
            }
        }
    }
}

/// The key of a request. Two are none: nobody could say which of them is meant.
fn key(headers: &HeaderMap) -> Result<String> {
    let mut sent = headers.get_all("idempotency-key").iter();
    let key = match (sent.next(), sent.next()) {
        (Some(one), None) => one.to_str().unwrap_or_default(),
        _ => "",
    };
    if (1..=MAX_KEY).contains(&key.len()) {
        return Ok(key.to_owned());
    }
    Err(
        Error::new(Code::InvalidArgument, "idempotency.key").violation(
            "Idempotency-Key",
            "required",
            "is required once, with 1 to 200 ASCII characters",
        ),
    )
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let json = HeaderValue::from_static("application/json");
        let mut response = (self.status, [(header::CONTENT_TYPE, json)], self.body).into_response();
        let headers = response.headers_mut();
        if let Some(Ok(location)) = self.location.map(|location| location.parse()) {
            headers.insert(header::LOCATION, location);
        }
        if self.is_replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}
