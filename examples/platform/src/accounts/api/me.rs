//! The caller's own account.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use garde::Validate;
use http::{HeaderValue, header};
use ovasabi_auth::Principal;
use ovasabi_core::{Code, Context, Error, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::Accounts;
use crate::accounts::domain::User;
use crate::http_api::{ETag, IfMatch, IfNoneMatch, Json, ValidJson};

/// The account of the caller, with its roles as they are now: those of a token are as old as the token.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "accounts",
    operation_id = "get_me",
    params(("If-None-Match" = Option<String>, Header, description = "The ETag of what the caller has.")),
    responses(
        (status = 200, description = "The account.", body = User, headers(("ETag" = String))),
        (status = 304, description = "What the caller has is still right."),
        (status = 404, description = "The account is gone."),
    )
)]
pub(super) async fn me(
    State(accounts): State<Accounts>,
    cx: Context,
    caller: Principal,
    known: IfNoneMatch,
) -> Result<Response> {
    let user = accounts.0.store.user(&cx, caller.id()).await?;
    let user = user.ok_or_else(|| Error::new(Code::NotFound, "accounts.user_gone"))?;
    // Kept by the caller alone, who asks each time whether it is still right.
    let private = [(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    )];
    let answer = known.answer(ETag::version(user.version), || Json(user).into_response());
    Ok((private, answer).into_response())
}

/// What can be changed.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Renaming {
    #[garde(length(chars, min = 1, max = 80))]
    #[schema(min_length = 1, max_length = 80, example = "Ada L.")]
    display_name: String,
}

/// Changes the caller's account, if it still is what the caller has seen.
#[utoipa::path(
    patch,
    path = "/v1/me",
    tag = "accounts",
    operation_id = "change_me",
    params(("If-Match" = String, Header, description = "The ETag of what the change was made from.")),
    request_body = Renaming,
    responses(
        (status = 200, description = "The account.", body = User, headers(("ETag" = String))),
        (status = 404, description = "The account is gone."),
        (status = 412, description = "It has changed since."),
        (status = 428, description = "`If-Match` is missing."),
    )
)]
pub(super) async fn rename(
    State(accounts): State<Accounts>,
    cx: Context,
    caller: Principal,
    seen: IfMatch,
    ValidJson(asked): ValidJson<Renaming>,
) -> Result<(ETag, Json<User>)> {
    let may = |version| seen.check(&ETag::version(version));
    let user = accounts
        .0
        .store
        .rename_user(&cx, caller.id(), &asked.display_name, may)
        .await?;
    Ok((ETag::version(user.version), Json(user)))
}
