//! Campaigns take a rest.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use ovasabi_auth::Principal;
use ovasabi_auth::policy::Ownership;
use ovasabi_core::{Context, Result};

use super::campaigns::books;
use super::catalogue::not_found;
use super::view::CampaignBooks;
use crate::http_api::ValidPath;
use crate::rewards::Rewards;
use crate::rewards::domain::{Campaign, Funding, Status};
use crate::rewards::repository::campaigns;

/// Pauses a campaign: it takes no referrals until it is resumed. Those that are qualified are paid.
#[utoipa::path(post, path = "/v1/campaigns/{slug}/pause", tag = "campaigns", operation_id = "pause_campaign", params(("slug" = String, Path)), responses(
    (status = 200, body = CampaignBooks, headers(("etag" = String))),
    (status = 409, description = "The campaign has ended."),
))]
pub(super) async fn pause(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Principal,
    ValidPath(slug): ValidPath<String>,
) -> Result<Response> {
    turn(&rewards, &cx, &caller, slug, Status::Paused).await
}

/// Resumes a campaign: it takes referrals again.
#[utoipa::path(post, path = "/v1/campaigns/{slug}/resume", tag = "campaigns", operation_id = "resume_campaign", params(("slug" = String, Path)), responses(
    (status = 200, body = CampaignBooks, headers(("etag" = String))),
    (status = 409, description = "The campaign has ended."),
))]
pub(super) async fn resume(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Principal,
    ValidPath(slug): ValidPath<String>,
) -> Result<Response> {
    turn(&rewards, &cx, &caller, slug, Status::Active).await
}

async fn turn(
    rewards: &Rewards,
    cx: &Context,
    caller: &Principal,
    slug: String,
    status: Status,
) -> Result<Response> {
    let turned = rewards
        .db()
        .with_tx(cx, async |mut unit| {
            let mut tx = rewards.tx(cx, &mut unit);
            let campaign = campaigns::by_slug(tx.conn(), &slug).await?;
            let campaign = campaign.ok_or_else(not_found)?;
            let owner = Ownership::hidden("campaign.not_found").or_role("admin");
            owner.authorize(caller, &campaign.partner_id)?;
            campaign.not_ended()?;
            if campaign.status == status {
                return Ok(campaign);
            }
            let action = if status == Status::Paused {
                "campaign.paused"
            } else {
                "campaign.resumed"
            };
            tx.deed(caller.id(), action, &campaign.id, None).await?;
            tx.change_campaign(Campaign { status, ..campaign }, Funding::None)
                .await
        })
        .await?;
    rewards.0.campaigns.changed(cx, &slug).await?;
    Ok(books(&turned).into_response())
}
