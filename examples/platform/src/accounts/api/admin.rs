//! Users and what was done to them: for admins.

use axum::extract::State;
use garde::Validate;
use ovasabi_auth::Principal;
use ovasabi_core::{Code, Context, Error, Result};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::accounts::Accounts;
use crate::accounts::domain::{Role, User, normal_email};
use crate::accounts::repository::AuditEntry;
use crate::http_api::{Json, Listed, PageQuery, ValidJson, ValidPath, ValidQuery};

/// Which user.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ByEmail {
    /// The whole address.
    email: String,
}

/// Finds one user by address.
#[utoipa::path(
    get,
    path = "/v1/admin/users",
    tag = "admin",
    params(ByEmail),
    responses(
        (status = 200, description = "The user.", body = User),
        (status = 404, description = "Nobody has this address."),
    )
)]
pub(super) async fn find_user(
    State(accounts): State<Accounts>,
    cx: Context,
    ValidQuery(asked): ValidQuery<ByEmail>,
) -> Result<Json<User>> {
    let email = normal_email(&asked.email);
    let user = accounts.0.store.user_by_email(&cx, &email).await?;
    let not_found = || Error::new(Code::NotFound, "accounts.user_not_found");
    Ok(Json(user.ok_or_else(not_found)?))
}

/// The roles that a user is to have, and no others. Everybody is a member, named or not.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRoles {
    #[garde(length(max = 16))]
    #[schema(max_items = 16)]
    roles: Vec<Role>,
}

/// Sets the roles of a user. Access tokens that are out keep theirs until they end.
#[utoipa::path(
    put,
    path = "/v1/admin/users/{id}/roles",
    tag = "admin",
    params(("id" = String, Path, description = "The id of the user.")),
    request_body = NewRoles,
    responses((status = 200, description = "The user.", body = User))
)]
pub(super) async fn set_roles(
    State(accounts): State<Accounts>,
    cx: Context,
    caller: Principal,
    ValidPath(id): ValidPath<String>,
    ValidJson(asked): ValidJson<NewRoles>,
) -> Result<Json<User>> {
    let roles = asked.roles.into_iter().collect();
    let user = accounts
        .0
        .store
        .set_roles(&cx, caller.id(), &id, roles)
        .await?;
    tracing::info!(actor = caller.id(), user = user.id, roles = ?user.roles, "roles set");
    Ok(Json(user))
}

/// Who has changed roles and keys, and which sessions ended by reuse; newest first.
#[utoipa::path(
    get,
    path = "/v1/admin/audit",
    tag = "admin",
    operation_id = "list_accounts_audit",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of it.", body = Listed<AuditEntry>),
        (status = 422, description = "The cursor or the limit is none."),
    )
)]
pub(super) async fn audit(
    State(accounts): State<Accounts>,
    cx: Context,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Json<Listed<AuditEntry>>> {
    let page = accounts.0.store.audit(&cx, &page.request()?).await?;
    Ok(Json(page.into()))
}
