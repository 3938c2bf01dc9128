//! Campaigns and those who run them.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use garde::Validate;
use http::{StatusCode, header};
use ovasabi_auth::Principal;
use ovasabi_core::repository::new_id;
use ovasabi_core::{Code, Context, Error, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use super::catalogue::not_found;
use super::view::CampaignBooks;
use crate::http_api::{ETag, IfMatch, Json, ValidJson, ValidPath};
use crate::rewards::Rewards;
use crate::rewards::domain::{Campaign, Funding, Status};
use crate::rewards::repository::campaigns;

/// The most that a campaign may pay or hold, in minor units.
const MOST: i64 = 1_000_000_000_000;

/// A new campaign.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCampaign {
    /// What it is called in paths: small letters, digits and hyphens.
    #[schema(
        min_length = 3,
        max_length = 64,
        pattern = "^[a-z0-9-]+$",
        example = "spring"
    )]
    #[garde(length(min = 3, max = 64), custom(plain))]
    slug: String,
    #[schema(min_length = 1, max_length = 120)]
    #[garde(length(chars, min = 1, max = 120))]
    name: String,
    /// The id of the user who owns it.
    #[schema(min_length = 1, max_length = 64)]
    #[garde(length(min = 1, max = 64))]
    partner_id: String,
    /// What who refers a friend is paid, in minor units.
    #[schema(minimum = 1, maximum = 1_000_000_000_000i64, example = 500)]
    #[garde(range(min = 1, max = MOST))]
    reward_minor: i64,
    /// What all rewards together may come to, in minor units.
    #[schema(minimum = 1, maximum = 1_000_000_000_000i64, example = 10_000)]
    #[garde(range(min = 1, max = MOST))]
    budget_minor: i64,
    #[schema(minimum = 0)]
    #[garde(range(min = 0))]
    starts_ms: i64,
    /// After its start.
    #[garde(custom(after(&self.starts_ms)))]
    ends_ms: i64,
}

/// What is to change of a campaign; what is absent stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CampaignChange {
    #[schema(min_length = 1, max_length = 120)]
    #[garde(inner(length(chars, min = 1, max = 120)))]
    name: Option<String>,
    /// In minor units, for referrals that are created from now on.
    #[schema(minimum = 1, maximum = 1_000_000_000_000i64)]
    #[garde(inner(range(min = 1, max = MOST)))]
    reward_minor: Option<i64>,
    /// In minor units; never below what is committed.
    #[schema(minimum = 1, maximum = 1_000_000_000_000i64)]
    #[garde(inner(range(min = 1, max = MOST)))]
    budget_minor: Option<i64>,
    #[garde(skip)]
    ends_ms: Option<i64>,
    /// `ended` is for good.
    #[garde(skip)]
    status: Option<Status>,
}

/// Adds a campaign for a partner; its budget is set aside at once.
#[utoipa::path(post, path = "/v1/campaigns", tag = "campaigns", operation_id = "create_campaign", request_body = NewCampaign, responses(
    (status = 201, body = CampaignBooks, headers(("etag" = String), ("location" = String))),
    (status = 409, description = "The slug is taken."),
))]
pub(super) async fn create(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Principal,
    ValidJson(asked): ValidJson<NewCampaign>,
) -> Result<Response> {
    let campaign = Campaign {
        id: new_id().to_string(),
        slug: asked.slug,
        name: asked.name,
        partner_id: asked.partner_id,
        reward_minor: asked.reward_minor,
        budget_minor: asked.budget_minor,
        committed_minor: 0,
        status: Status::Active,
        starts_ms: asked.starts_ms,
        ends_ms: asked.ends_ms,
        version: 1,
    };
    rewards
        .db()
        .with_tx(&cx, async |mut unit| {
            let mut tx = rewards.tx(&cx, &mut unit);
            tx.deed(caller.id(), "campaign.created", &campaign.id, None)
                .await?;
            tx.add_campaign(&campaign).await
        })
        .await?;
    rewards.0.campaigns.changed(&cx, &campaign.slug).await?;
    let location = [(header::LOCATION, format!("/v1/campaigns/{}", campaign.slug))];
    Ok((StatusCode::CREATED, location, books(&campaign)).into_response())
}

/// Changes a campaign that is still what the caller has seen.
#[utoipa::path(patch, path = "/v1/campaigns/{slug}", tag = "campaigns", operation_id = "change_campaign", request_body = CampaignChange,
    params(("slug" = String, Path), ("if-match" = String, Header)),
    responses(
        (status = 200, body = CampaignBooks, headers(("etag" = String))),
        (status = 409, description = "The campaign has ended, or more is committed than the budget would be."),
        (status = 412, description = "It has changed since."),
        (status = 428, description = "`If-Match` is missing."),
))]
pub(super) async fn change(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Principal,
    ValidPath(slug): ValidPath<String>,
    seen: IfMatch,
    ValidJson(asked): ValidJson<CampaignChange>,
) -> Result<Response> {
    let changed = rewards
        .db()
        .with_tx(&cx, async |mut unit| {
            let mut tx = rewards.tx(&cx, &mut unit);
            let campaign = campaigns::by_slug(tx.conn(), &slug).await?;
            let campaign = campaign.ok_or_else(not_found)?;
            seen.check(&ETag::version(campaign.version))?;
            let (campaign, funding) = asked.apply(campaign)?;
            tx.deed(caller.id(), "campaign.changed", &campaign.id, None)
                .await?;
            tx.change_campaign(campaign, funding).await
        })
        .await?;
    rewards.0.campaigns.changed(&cx, &slug).await?;
    Ok(books(&changed).into_response())
}

impl CampaignChange {
    /// The campaign with the change, and how its money follows.
    fn apply(self, campaign: Campaign) -> Result<(Campaign, Funding)> {
        campaign.not_ended()?;
        let ends_ms = self.ends_ms.unwrap_or(campaign.ends_ms);
        if ends_ms <= campaign.starts_ms {
            return Err(
                Error::new(Code::InvalidArgument, "validation.failed").violation(
                    "ends_ms",
                    "range",
                    "is not after the start",
                ),
            );
        }
        let budget = self.budget_minor.unwrap_or(campaign.budget_minor);
        let (budget, funding) = campaign.budget().resize(budget)?;
        let changed = Campaign {
            name: self.name.unwrap_or(campaign.name),
            reward_minor: self.reward_minor.unwrap_or(campaign.reward_minor),
            budget_minor: budget.budget_minor,
            status: self.status.unwrap_or(campaign.status),
            ends_ms,
            ..campaign
        };
        Ok((changed, funding))
    }
}

pub(super) fn books(campaign: &Campaign) -> (ETag, Json<CampaignBooks>) {
    (ETag::version(campaign.version), Json(campaign.into()))
}

fn plain(text: &str, _context: &()) -> garde::Result {
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if text.bytes().all(is_plain) {
        return Ok(());
    }
    Err(garde::Error::new("takes small letters, digits and hyphens"))
}

fn after(start: &i64) -> impl FnOnce(&i64, &()) -> garde::Result + '_ {
    move |end, _context| {
        if end > start {
            return Ok(());
        }
        Err(garde::Error::new("is not after the start"))
    }
}
