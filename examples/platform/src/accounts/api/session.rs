//! Staying logged in, and logging out.

use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use ovasabi_core::{Code, Context, Error, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use super::login::{Answer, Tokens, answer};
use crate::accounts::Accounts;
use crate::accounts::domain::{RefreshToken, TokenDigest};
use crate::accounts::repository::Rotation;
use crate::http_api::ValidJson;

/// A refresh token, in the body: it must not get into the logs of paths.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RefreshRequest)]
pub(super) struct Presented {
    #[garde(length(min = 1, max = 1024))]
    #[schema(min_length = 1, max_length = 1024)]
    refresh_token: String,
}

/// Uses a refresh token up, for new tokens. One that was used before ends its session.
#[utoipa::path(
    post,
    path = "/v1/auth/refresh",
    tag = "accounts",
    request_body = Presented,
    responses(
        (status = 200, description = "New tokens, with the roles as they are now.", body = Tokens),
        (status = 401, description = "The token is not good, or no longer."),
    )
)]
pub(super) async fn refresh(
    State(accounts): State<Accounts>,
    cx: Context,
    ValidJson(asked): ValidJson<Presented>,
) -> Result<Answer> {
    let (presented, next) = (
        TokenDigest::of(&asked.refresh_token),
        RefreshToken::generate()?,
    );
    let lifetimes = accounts.0.settings.lifetimes();
    let rotated = accounts
        .0
        .store
        .rotate_session(&cx, presented, next.digest(), lifetimes)
        .await?;
    match rotated {
        Rotation::Rotated {
            user_id,
            roles,
            expires_ms,
        } => answer(&accounts, &cx, (&user_id, &roles), &next, expires_ms).await,
        Rotation::Reused { user_id } => {
            tracing::warn!(user = user_id, "refresh token reused");
            Err(refused())
        }
        Rotation::Refused(why) => {
            tracing::info!(reason = why.label(), "refresh token refused");
            Err(refused())
        }
    }
}

/// Ends the session of a refresh token. Whether there is one, nobody is told.
#[utoipa::path(
    post,
    path = "/v1/auth/logout",
    tag = "accounts",
    request_body = Presented,
    responses((status = 204, description = "There is no such session, or no longer."))
)]
pub(super) async fn logout(
    State(accounts): State<Accounts>,
    cx: Context,
    ValidJson(asked): ValidJson<Presented>,
) -> Result<StatusCode> {
    let presented = TokenDigest::of(&asked.refresh_token);
    accounts.0.store.end_session(&cx, presented).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One answer, whatever is wrong with it.
fn refused() -> Error {
    Error::new(Code::Unauthenticated, "accounts.bad_refresh_token").detail("log in again")
}
