//! New accounts.

use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use ovasabi_auth::protect::Password;
use ovasabi_core::{Context, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use super::login::unhashed;
use crate::accounts::Accounts;
use crate::accounts::domain::{NewUser, User, normal_email};
use crate::http_api::{Json, ValidJson};

/// Who wants an account.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Registration {
    #[garde(email, length(max = 254))]
    #[schema(format = Email, max_length = 254, example = "ada@example.org")]
    email: String,
    #[garde(length(chars, min = 1, max = 80))]
    #[schema(min_length = 1, max_length = 80, example = "Ada")]
    display_name: String,
    #[garde(length(chars, min = 12, max = 128))]
    #[schema(format = Password, min_length = 12, max_length = 128, example = "correct horse battery staple")]
    password: String,
}

/// Makes an account.
#[utoipa::path(
    post,
    path = "/v1/auth/register",
    tag = "accounts",
    request_body = Registration,
    responses(
        (status = 201, description = "The account.", body = User),
        (status = 409, description = "This address has an account."),
    )
)]
pub(super) async fn register(
    State(accounts): State<Accounts>,
    cx: Context,
    ValidJson(asked): ValidJson<Registration>,
) -> Result<(StatusCode, Json<User>)> {
    let password = Password::new(asked.password);
    let new = NewUser {
        email: normal_email(&asked.email),
        display_name: asked.display_name,
        // Before anything is written: nothing waits for it.
        password_hash: accounts
            .0
            .hasher
            .hash(&cx, &password)
            .await
            .map_err(unhashed)?,
    };
    let user = accounts.0.store.add_user(&cx, new).await?;
    tracing::info!(user = user.id, "registered");
    Ok((StatusCode::CREATED, Json(user)))
}
