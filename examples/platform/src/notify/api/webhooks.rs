//! The webhooks of a partner.

use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use ovasabi_auth::Principal;
use ovasabi_auth::policy::{Owned, Ownership};
use ovasabi_core::{Context, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contract::signature::Secret;
use crate::http_api::{Json, Listed, PageQuery, ValidJson, ValidPath, ValidQuery};
use crate::notify::Notify;
use crate::notify::domain::Topics;
use crate::notify::repository::{DeliveryRow, NewWebhook, Webhook};

/// A webhook opens for its owner. To all others it does not exist.
fn ownership() -> Ownership {
    Ownership::hidden("webhook.not_found")
}

/// A webhook that a partner wants.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookRequest)]
pub(super) struct Wanted {
    /// `https`, with a host on the open internet.
    #[garde(length(min = 1, max = 2048))]
    #[schema(
        min_length = 1,
        max_length = 2048,
        example = "https://shop.example/hooks"
    )]
    url: String,
    /// Such as `rewards.referral.rewarded.v1`, or `*` for all.
    #[garde(length(min = 1, max = 16), inner(length(min = 1, max = 128)))]
    #[schema(min_items = 1, max_items = 16, example = json!(["rewards.referral.rewarded.v1"]))]
    topics: Vec<String>,
}

/// A new webhook. Its secret is shown here, and never again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreatedWebhook)]
pub(super) struct Created {
    #[serde(flatten)]
    webhook: Webhook,
    /// What its messages are signed with (Standard Webhooks): `whsec_` and base64.
    secret: String,
}

/// Asks for events to be posted to a URL.
#[utoipa::path(
    post,
    path = "/v1/webhooks",
    tag = "webhooks",
    operation_id = "create_webhook",
    request_body = Wanted,
    responses(
        (status = 201, description = "The webhook, and its secret.", body = Created),
        (status = 409, description = "The caller has as many as one may have."),
    )
)]
pub(super) async fn create(
    State(notify): State<Notify>,
    cx: Context,
    caller: Principal,
    ValidJson(wanted): ValidJson<Wanted>,
) -> Result<(StatusCode, Json<Created>)> {
    let topics = Topics::new(wanted.topics)?;
    cx.run(notify.0.guard.check(&wanted.url)).await??;
    let secret = Secret::generate()?;
    let new = NewWebhook {
        owner_id: caller.id(),
        url: &wanted.url,
        topics: &topics,
        secret: &secret,
    };
    let webhook = notify.add_webhook(&cx, new).await?;
    let secret = secret.expose().to_owned();
    Ok((StatusCode::CREATED, Json(Created { webhook, secret })))
}

/// All webhooks of the caller.
#[utoipa::path(
    get,
    path = "/v1/webhooks",
    tag = "webhooks",
    operation_id = "list_webhooks",
    responses((status = 200, description = "All of them: there is no second page.", body = Listed<Webhook>))
)]
pub(super) async fn list(
    State(notify): State<Notify>,
    cx: Context,
    caller: Principal,
) -> Result<Json<Listed<Webhook>>> {
    let items = notify.webhooks(&cx, caller.id()).await?;
    Ok(Json(Listed { items, next: None }))
}

/// Removes a webhook, and what was on its way to it.
#[utoipa::path(
    delete,
    path = "/v1/webhooks/{id}",
    tag = "webhooks",
    operation_id = "remove_webhook",
    params(("id" = String, Path, description = "The id of the webhook.")),
    responses((status = 204, description = "It is gone."))
)]
pub(super) async fn remove(
    State(notify): State<Notify>,
    cx: Context,
    caller: Principal,
    ValidPath(id): ValidPath<String>,
) -> Result<StatusCode> {
    if notify.remove_webhook(&cx, caller.id(), &id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(ownership().not_found())
}

/// What became of the events for a webhook, newest first.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}/deliveries",
    tag = "webhooks",
    operation_id = "list_deliveries",
    params(("id" = String, Path, description = "The id of the webhook."), PageQuery),
    responses((status = 200, description = "A page of deliveries.", body = Listed<DeliveryRow>))
)]
pub(super) async fn deliveries(
    State(notify): State<Notify>,
    cx: Context,
    caller: Principal,
    ValidPath(id): ValidPath<String>,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Json<Listed<DeliveryRow>>> {
    let request = page.request()?;
    let webhook = notify.webhook(&cx, &id).await?;
    let webhook = webhook.map(|webhook| Owned::new(webhook.owner_id.clone(), webhook));
    let webhook = ownership().open(&caller, webhook)?;
    let page = notify.deliveries(&cx, &webhook.id, &request).await?;
    Ok(Json(page.into()))
}
