//! What the caller was told.

use axum::extract::State;
use axum::http::StatusCode;
use ovasabi_auth::Principal;
use ovasabi_core::{Code, Context, Error, Result};
use serde::Deserialize;

use crate::http_api::{Json, Listed, PageQuery, ValidPath, ValidQuery};
use crate::notify::Notify;
use crate::notify::repository::Notification;

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The `next` of the page before; none for the first page.
    cursor: Option<String>,
    /// The most items of the page; 50 unless told.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Only what was not acknowledged.
    #[serde(default)]
    #[param(required = false)]
    unread: bool,
}

/// What the caller was told, newest first.
#[utoipa::path(
    get,
    path = "/v1/notifications",
    tag = "notifications",
    operation_id = "list_notifications",
    params(Wanted),
    responses((status = 200, description = "A page of notifications.", body = Listed<Notification>))
)]
pub(super) async fn list(
    State(notify): State<Notify>,
    cx: Context,
    caller: Principal,
    ValidQuery(wanted): ValidQuery<Wanted>,
) -> Result<Json<Listed<Notification>>> {
    let request = PageQuery::new(wanted.cursor, wanted.limit).request()?;
    let page = notify
        .notifications(&cx, caller.id(), wanted.unread, &request)
        .await?;
    Ok(Json(page.into()))
}

/// Marks a notification as read. A second time changes nothing.
#[utoipa::path(
    post,
    path = "/v1/notifications/{id}/ack",
    tag = "notifications",
    operation_id = "acknowledge_notification",
    params(("id" = String, Path, description = "The id of the notification.")),
    responses((status = 204, description = "It is read."))
)]
pub(super) async fn ack(
    State(notify): State<Notify>,
    cx: Context,
    caller: Principal,
    ValidPath(id): ValidPath<String>,
) -> Result<StatusCode> {
    if notify.ack(&cx, caller.id(), &id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Error::new(Code::NotFound, "notification.not_found"))
}
