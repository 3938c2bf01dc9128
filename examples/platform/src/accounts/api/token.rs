//! Tokens for the services of the platform (RFC 6749 §4.4).

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse, Response};
use ovasabi_auth::token::Grant;
use ovasabi_core::{Context, Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::NO_STORE;
use super::client::{KnownClient, OAuthError};
use crate::accounts::Accounts;
use crate::http_api::Json;

/// What a client asks for. Members that nobody knows are passed over, as the RFC has it.
#[derive(Deserialize, ToSchema)]
pub(super) struct Asked {
    grant_type: String,
    scope: Option<String>,
}

/// What it is given.
#[derive(Serialize, ToSchema)]
pub(super) struct Granted {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
}

/// A token of the service itself, with the scopes that it may have.
#[utoipa::path(
    post,
    path = "/internal/token",
    request_body(content = Asked, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Granted))
)]
pub(super) async fn token(
    State(accounts): State<Accounts>,
    cx: Context,
    KnownClient(client): KnownClient,
    asked: Result<Form<Asked>, FormRejection>,
) -> Result<Response> {
    let Ok(Form(asked)) = asked else {
        return Ok(OAuthError::InvalidRequest.into_response());
    };
    if asked.grant_type != "client_credentials" {
        return Ok(OAuthError::UnsupportedGrantType.into_response());
    }
    // Those that it may have, or those of them that it asks for.
    let wanted = asked.scope.as_deref().unwrap_or_default();
    let wanted: Vec<_> = wanted.split_whitespace().collect();
    if wanted.iter().any(|scope| !client.scopes().contains(scope)) {
        return Ok(OAuthError::InvalidScope.into_response());
    }
    let scopes = match wanted.is_empty() {
        true => client.scopes(),
        false => &wanted,
    };
    let grant = Grant::for_service(client.id());
    let grant = scopes.iter().copied().fold(grant, Grant::scope);
    let ring = accounts.0.keyring.current(&cx).await?;
    let token = ring.signer.sign(&grant).map_err(Error::internal)?;
    let granted = Granted {
        expires_in: token.expires_in().as_secs(),
        access_token: token.into_string(),
        token_type: "Bearer",
        scope: scopes.join(" "),
    };
    Ok(([NO_STORE], Json(granted)).into_response())
}
