//! The services of the platform as clients (RFC 6749 §2.3.1), and what is answered to them.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;

use super::NO_STORE;
use crate::accounts::Accounts;
use crate::contract::{Client, client_secret};

/// A service that has proved to be one.
pub(super) struct KnownClient(pub(super) Client);

/// What RFC 6749 §5.2 calls an error: its readers know no problem documents.
#[derive(Clone, Copy, Debug)]
pub(super) enum OAuthError {
    InvalidClient,
    InvalidRequest,
    InvalidScope,
    UnauthorizedClient,
    UnsupportedGrantType,
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let (status, code) = match self {
            Self::InvalidClient => (StatusCode::UNAUTHORIZED, "invalid_client"),
            Self::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::InvalidScope => (StatusCode::BAD_REQUEST, "invalid_scope"),
            Self::UnauthorizedClient => (StatusCode::FORBIDDEN, "unauthorized_client"),
            Self::UnsupportedGrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
        };
        let body = axum::Json(json!({ "error": code }));
        let mut response = (status, [NO_STORE], body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"accounts\"");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl FromRequestParts<Accounts> for KnownClient {
    type Rejection = OAuthError;

    async fn from_request_parts(
        parts: &mut Parts,
        accounts: &Accounts,
    ) -> Result<Self, Self::Rejection> {
        let secret = &accounts.0.settings.services_secret;
        let client = credentials(&parts.headers).and_then(|(id, presented)| {
            let client = Client::ALL.into_iter().find(|client| client.id() == id)?;
            let expected = client_secret(secret, client);
            let same = verify_slices_are_equal(presented.as_bytes(), expected.as_bytes());
            same.is_ok().then_some(client)
        });
        client.map(Self).ok_or_else(|| {
            tracing::warn!("a client was refused");
            OAuthError::InvalidClient
        })
    }
}

/// Id and secret of the only `Authorization`. Those of the platform have no character that a form would encode.
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = STANDARD.decode(token.trim()).ok()?;
    let pair = String::from_utf8(pair).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}
