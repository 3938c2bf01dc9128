//! Campaigns and referrals as others see them.

use ovasabi_auth::Principal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::rewards::domain::{Campaign, Referral, State, Status, Viewer};

/// A campaign, as the world sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CampaignView {
    slug: String,
    name: String,
    /// What who refers a friend is paid, in minor units.
    reward_minor: i64,
    status: Status,
    starts_ms: i64,
    ends_ms: i64,
    /// Grows with each change; the entity tag is made of it.
    version: i64,
}

/// A campaign, as its owner and admins see it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CampaignBooks {
    #[serde(flatten)]
    campaign: CampaignView,
    /// The id of the user who owns it.
    partner_id: String,
    budget_minor: i64,
    /// What is set aside or paid of the budget, in minor units.
    committed_minor: i64,
}

/// A referral. Strangers see its code, campaign and state; who is in it, the owner of the campaign, moderators and admins
/// see all of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReferralView {
    /// Ten characters, for the friend.
    #[schema(example = "SPNFSFQ9Q2")]
    code: String,
    /// The slug of the campaign.
    campaign: String,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The id of the user who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    referrer_id: Option<String>,
    /// The id of the user who has claimed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    referred_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reward_minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_ms: Option<i64>,
}

impl From<&Campaign> for CampaignView {
    fn from(campaign: &Campaign) -> Self {
        Self {
            slug: campaign.slug.clone(),
            name: campaign.name.clone(),
            reward_minor: campaign.reward_minor,
            status: campaign.status,
            starts_ms: campaign.starts_ms,
            ends_ms: campaign.ends_ms,
            version: campaign.version,
        }
    }
}

impl From<&Campaign> for CampaignBooks {
    fn from(campaign: &Campaign) -> Self {
        Self {
            campaign: campaign.into(),
            partner_id: campaign.partner_id.clone(),
            budget_minor: campaign.budget_minor,
            committed_minor: campaign.committed_minor,
        }
    }
}

impl ReferralView {
    /// As this caller sees it.
    pub(super) fn to(caller: Option<&Principal>, referral: Referral) -> Self {
        let is_trusted = Viewer::of(&referral, caller) == Viewer::Trusted;
        let number = |number: i64| is_trusted.then_some(number);
        Self {
            code: referral.code,
            campaign: referral.campaign,
            state: referral.state,
            id: is_trusted.then_some(referral.id),
            referrer_id: is_trusted.then_some(referral.referrer_id),
            referred_id: referral.referred_id.filter(|_| is_trusted),
            reward_minor: number(referral.reward_minor),
            created_ms: number(referral.created_ms),
            changed_ms: number(referral.changed_ms),
        }
    }
}
