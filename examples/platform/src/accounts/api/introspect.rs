//! What there is to say of an API key (RFC 7662), for the service that it is presented to.

use std::time::UNIX_EPOCH;

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse, Response};
use ovasabi_auth::Principal;
use ovasabi_auth::jose::Reason;
use ovasabi_core::http::PeerAddr;
use ovasabi_core::{Code, Context, Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::NO_STORE;
use super::client::{KnownClient, OAuthError};
use crate::accounts::Accounts;
use crate::accounts::domain::Role;
use crate::contract::Client;
use crate::http_api::Json;

/// What is asked about. Members that nobody knows are passed over, as the RFC has it.
#[derive(Deserialize, ToSchema)]
pub(super) struct Asked {
    token: String,
}

/// What is said. Of a key that is not good, that it is not, and nothing else.
#[derive(Default, Serialize, ToSchema)]
pub(super) struct Said {
    active: bool,
    #[serde(flatten)]
    facts: Option<Facts>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Facts {
    /// Whose key it is.
    sub: String,
    scope: String,
    /// The public id of the key.
    jti: String,
    token_type: &'static str,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<u64>,
}

/// Says whether an API key is good, whose it is and what for. A key is worth what its owner is: one who is no partner
/// any longer has none.
#[utoipa::path(
    post,
    path = "/internal/introspect",
    request_body(content = Asked, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Said))
)]
pub(super) async fn introspect(
    State(accounts): State<Accounts>,
    cx: Context,
    KnownClient(client): KnownClient,
    asked: Result<Form<Asked>, FormRejection>,
) -> Result<Response> {
    if client != Client::Rewards {
        return Ok(OAuthError::UnauthorizedClient.into_response());
    }
    let Ok(Form(asked)) = asked else {
        return Ok(OAuthError::InvalidRequest.into_response());
    };
    let keys = &accounts.0.api_keys;
    let said = match keys.verify(&cx, &asked.token, PeerAddr::UNKNOWN).await {
        Ok(principal) => {
            let owner = accounts.0.store.user(&cx, principal.id()).await?;
            let is_partner = owner.is_some_and(|owner| owner.roles.has(Role::Partner));
            said(is_partner.then_some(principal))
        }
        Err(denied) => match denied.reason() {
            // Nobody can say: that is another answer than no.
            Reason::Unavailable | Reason::TooManyFailures => {
                return Err(Error::new(Code::Unavailable, "accounts.introspection"));
            }
            reason => {
                tracing::info!(%reason, "api key refused");
                Said::default()
            }
        },
    };
    Ok(([NO_STORE], Json(said)).into_response())
}

fn said(principal: Option<Principal>) -> Said {
    let facts = principal.map(|principal| Facts {
        sub: principal.id().to_owned(),
        scope: principal.scopes().collect::<Vec<_>>().join(" "),
        jti: principal.credential_id().unwrap_or_default().to_owned(),
        token_type: "Bearer",
        exp: principal.expires_at().map(|end| {
            let since = end.duration_since(UNIX_EPOCH).unwrap_or_default();
            since.as_secs()
        }),
    });
    Said {
        active: facts.is_some(),
        facts,
    }
}
