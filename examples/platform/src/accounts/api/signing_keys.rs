//! The keys that sign: for admins.

use axum::extract::State;
use axum::http::StatusCode;
use ovasabi_auth::Principal;
use ovasabi_core::{Context, Result};
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::Accounts;
use crate::accounts::repository::KeyState;
use crate::http_api::Json;

/// A key, by its public half.
#[derive(Serialize, ToSchema)]
pub(super) struct SigningKey {
    kid: String,
    state: KeyState,
    created_ms: i64,
    retired_ms: Option<i64>,
}

/// Those that are published.
#[derive(Serialize, ToSchema)]
pub(super) struct SigningKeys {
    items: Vec<SigningKey>,
}

/// The id of a new key.
#[derive(Serialize, ToSchema)]
#[schema(as = RotatedSigningKey)]
pub(super) struct Rotated {
    kid: String,
}

/// The keys that are published, the one that signs first.
#[utoipa::path(
    get,
    path = "/v1/admin/signing-keys",
    tag = "admin",
    operation_id = "list_signing_keys",
    responses((status = 200, description = "The keys.", body = SigningKeys))
)]
pub(super) async fn list(
    State(accounts): State<Accounts>,
    cx: Context,
) -> Result<Json<SigningKeys>> {
    let ring = accounts.0.keyring.current(&cx).await?;
    let items = ring.keys.iter().map(|key| SigningKey {
        kid: key.kid.clone(),
        state: key.state(),
        created_ms: key.created_ms,
        retired_ms: key.retired_ms,
    });
    Ok(Json(SigningKeys {
        items: items.collect(),
    }))
}

/// Puts a new key in the place of the one that signs. Tokens of that one stay good until their end.
#[utoipa::path(
    post,
    path = "/v1/admin/signing-keys",
    tag = "admin",
    operation_id = "rotate_signing_key",
    responses(
        (status = 201, description = "It signs from now on.", body = Rotated),
        (status = 409, description = "Too many keys are published."),
    )
)]
pub(super) async fn rotate(
    State(accounts): State<Accounts>,
    cx: Context,
    caller: Principal,
) -> Result<(StatusCode, Json<Rotated>)> {
    let kid = accounts.0.keyring.rotate(&cx, caller.id()).await?;
    Ok((StatusCode::CREATED, Json(Rotated { kid })))
}
