//! Logging in.

use axum::extract::State;
use garde::Validate;
use http::{HeaderName, HeaderValue};
use ovasabi_auth::protect::Password;
use ovasabi_auth::protect::password::{PasswordError, Verdict};
use ovasabi_auth::token::Grant;
use ovasabi_core::{Code, Context, Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::NO_STORE;
use super::address::ClientAddress;
use crate::accounts::Accounts;
use crate::accounts::domain::{RefreshToken, Roles, normal_email};
use crate::http_api::{Json, ValidJson};

/// Address and password.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    #[garde(length(min = 1, max = 254))]
    #[schema(min_length = 1, max_length = 254, example = "ada@example.org")]
    email: String,
    #[garde(length(min = 1, max = 1024))]
    #[schema(format = Password, min_length = 1, max_length = 1024, example = "correct horse battery staple")]
    password: String,
}

/// What opens the platform for a while, and what gets more of it.
#[derive(Serialize, ToSchema)]
pub(super) struct Tokens {
    /// Goes behind `Authorization: Bearer`.
    access_token: String,
    token_type: &'static str,
    /// Seconds.
    expires_in: u64,
    /// Good once, for `/v1/auth/refresh`.
    refresh_token: String,
    /// Seconds.
    refresh_expires_in: u64,
}

pub(super) type Answer = ([(HeaderName, HeaderValue); 1], Json<Tokens>);

/// Gives tokens for an address and a password.
#[utoipa::path(
    post,
    path = "/v1/auth/login",
    tag = "accounts",
    request_body = Login,
    responses(
        (status = 200, description = "Tokens.", body = Tokens),
        (status = 401, description = "Address or password is wrong."),
    )
)]
pub(super) async fn login(
    State(accounts): State<Accounts>,
    ClientAddress(address): ClientAddress,
    cx: Context,
    ValidJson(asked): ValidJson<Login>,
) -> Result<Answer> {
    let parts = &*accounts.0;
    let email = normal_email(&asked.email);
    let attempt = parts.guard.admit(&email, address)?;
    let known = parts.store.credentials(&cx, &email).await?;
    let hash = known.as_ref().map(|known| known.password_hash.as_str());
    // An address that nobody has costs the same: the answer must not tell which of the two was wrong.
    let password = Password::new(asked.password);
    let verdict = parts
        .hasher
        .verify(&cx, &password, hash)
        .await
        .map_err(unhashed)?;
    let Some(user) = known.filter(|_| matches!(verdict, Verdict::Correct { .. })) else {
        attempt.failed();
        return Err(Error::new(Code::Unauthenticated, "accounts.bad_login")
            .detail("address or password is wrong"));
    };
    attempt.succeeded();
    let (refresh, lifetimes) = (RefreshToken::generate()?, parts.settings.lifetimes());
    let expires_ms = parts
        .store
        .begin_session(&cx, &user.user_id, refresh.digest(), lifetimes)
        .await?;
    tracing::info!(user = user.user_id, "logged in");
    answer(
        &accounts,
        &cx,
        (&user.user_id, &user.roles),
        &refresh,
        expires_ms,
    )
    .await
}

/// The tokens of a user with these roles.
pub(super) async fn answer(
    accounts: &Accounts,
    cx: &Context,
    (user_id, roles): (&str, &Roles),
    refresh: &RefreshToken,
    expires_ms: i64,
) -> Result<Answer> {
    let ring = accounts.0.keyring.current(cx).await?;
    let grant = Grant::new(user_id).roles(roles.names());
    let token = ring.signer.sign(&grant).map_err(Error::internal)?;
    let refresh_ms = expires_ms.saturating_sub(accounts.0.store.now_ms()).max(0);
    let tokens = Tokens {
        expires_in: token.expires_in().as_secs(),
        access_token: token.into_string(),
        token_type: "Bearer",
        refresh_token: refresh.expose().to_owned(),
        refresh_expires_in: refresh_ms.unsigned_abs() / 1_000,
    };
    Ok(([NO_STORE], Json(tokens)))
}

/// A full lane is for those who log in to wait for. It is no 503: the gateway would take the whole service for ill, and
/// keep out those who are logged in.
pub(super) fn unhashed(error: PasswordError) -> Error {
    let PasswordError::Refused(rejection) = &error else {
        return error.into();
    };
    let busy = Error::new(Code::ResourceExhausted, "accounts.busy")
        .detail("too many people log in at this moment");
    let busy = match rejection.retry_delay() {
        Some(wait) => busy.retry_after(wait),
        None => busy,
    };
    busy.caused_by(error)
}
