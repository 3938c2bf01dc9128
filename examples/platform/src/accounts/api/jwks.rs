//! The keys that tokens are verified with.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use ovasabi_core::{Context, Result};

use crate::accounts::Accounts;
use crate::http_api::{ETag, IfNoneMatch};

/// For how long verifiers may keep it: they ask earlier when a token names a key that they do not know.
const MAX_AGE: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The public keys (RFC 7517 §5): the one that signs, and those whose tokens may still be good.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "accounts",
    operation_id = "get_jwks",
    params(("If-None-Match" = Option<String>, Header, description = "The ETag of what the caller has.")),
    responses(
        (status = 200, description = "The keys.", body = serde_json::Value, headers(("ETag" = String))),
        (status = 304, description = "What the caller has is still right."),
    )
)]
pub(super) async fn jwks(
    State(accounts): State<Accounts>,
    cx: Context,
    known: IfNoneMatch,
) -> Result<Response> {
    let ring = accounts.0.keyring.current(&cx).await?;
    let kids: Vec<_> = ring.keys.iter().map(|key| key.kid.as_str()).collect();
    let answer = known.answer(ETag::of(&kids.join(".")), || {
        let json = HeaderValue::from_static("application/json");
        ([(header::CONTENT_TYPE, json)], ring.published.to_json()).into_response()
    });
    Ok(([(header::CACHE_CONTROL, MAX_AGE)], answer).into_response())
}
