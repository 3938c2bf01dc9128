//! Referrals: made by members, seen by all, refused by moderators.

use axum::extract::State;
use garde::Validate;
use http::StatusCode;
use ovasabi_auth::Principal;
use ovasabi_core::repository::{Page, new_id};
use ovasabi_core::{Code, Context, Error, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use super::catalogue;
use super::keyed::Keyed;
use super::view::ReferralView;
use crate::http_api::{Json, Listed, PageQuery, ValidJson, ValidPath, ValidQuery};
use crate::rewards::Rewards;
use crate::rewards::domain::{self, Referral, Step};
use crate::rewards::repository::idempotency::Answer;
use crate::rewards::repository::{campaigns, referrals};

const MINE: &str = "referrals of a member, newest first";

/// For which campaign a friend is to be referred.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewReferral {
    /// Its slug.
    #[schema(min_length = 1, max_length = 64, example = "spring")]
    #[garde(length(min = 1, max = 64))]
    campaign: String,
}

/// Makes a code of the caller's own, to be passed on to a friend.
#[utoipa::path(post, path = "/v1/referrals", tag = "referrals", operation_id = "create_referral", request_body = NewReferral,
    params(("idempotency-key" = String, Header, min_length = 1, max_length = 200)),
    responses(
        (status = 201, body = ReferralView, headers(("location" = String), ("idempotency-replayed" = String))),
        (status = 404, description = "There is no such campaign."),
        (status = 409, description = "The campaign takes no referrals now."),
))]
pub(super) async fn create(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Principal,
    keyed: Keyed,
) -> Result<Answer> {
    let (request, asked) = keyed.read::<NewReferral>()?;
    rewards
        .db()
        .with_tx(&cx, async |mut unit| {
            let mut tx = rewards.tx(&cx, &mut unit);
            if let Some(known) = tx.recall(caller.id(), &request).await? {
                return Ok(known);
            }
            let campaign = campaigns::by_slug(tx.conn(), &asked.campaign).await?;
            let campaign = campaign.ok_or_else(catalogue::not_found)?;
            campaign.open_at(tx.now_ms)?;
            let new = Referral::new(new_id().to_string(), caller.id(), campaign, tx.now_ms);
            let referral = tx.add_referral(new).await?;
            let location = format!("/v1/referrals/{}", referral.code);
            let view = ReferralView::to(Some(&caller), referral);
            let answer = Answer::json(StatusCode::CREATED, &view)?.at(location);
            tx.remember(caller.id(), &request, answer).await
        })
        .await
}

/// One referral. Who is in it is told to them, to the owner of the campaign, to moderators and admins.
#[utoipa::path(get, path = "/v1/referrals/{code}", tag = "referrals", operation_id = "get_referral", params(("code" = String, Path)),
    responses((status = 200, body = ReferralView)))]
pub(super) async fn referral(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Option<Principal>,
    ValidPath(code): ValidPath<String>,
) -> Result<Json<ReferralView>> {
    let code = domain::Code::parse(&code).ok_or_else(not_found)?;
    let mut conn = rewards.db().read(&cx).await?;
    let found = referrals::by_code(conn.connection(), &code).await?;
    let referral = found.ok_or_else(not_found)?;
    Ok(Json(ReferralView::to(caller.as_ref(), referral)))
}

/// The referrals that the caller has made, newest first.
#[utoipa::path(get, path = "/v1/me/referrals", tag = "referrals", operation_id = "list_own_referrals", params(PageQuery),
    responses((status = 200, body = Listed<ReferralView>)))]
pub(super) async fn mine(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Principal,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Json<Listed<ReferralView>>> {
    let request = page.request()?;
    let before: Option<String> = request.cursor().map(|at| at.key(MINE)).transpose()?;
    let mut conn = rewards.db().read(&cx).await?;
    let rows = request.rows();
    let found = referrals::of_referrer(conn.connection(), caller.id(), before.as_deref(), rows);
    let page = Page::cut(found.await?, &request, MINE, |last| last.id.clone())?;
    let page = page.map(|referral| ReferralView::to(Some(&caller), referral));
    Ok(Json(page.into()))
}

/// Why a referral is refused.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RejectionReason {
    /// For the history and for who referred.
    #[schema(min_length = 1, max_length = 200, example = "the same person twice")]
    #[garde(length(chars, min = 1, max = 200))]
    reason: String,
}

/// Refuses a referral that is not rewarded yet; what was set aside for it is free again.
#[utoipa::path(post, path = "/v1/referrals/{id}/reject", tag = "referrals", operation_id = "reject_referral", request_body = RejectionReason,
    params(("id" = String, Path, description = "The id of the referral.")),
    responses(
        (status = 200, body = ReferralView),
        (status = 409, description = "It is rewarded, rejected or expired."),
))]
pub(super) async fn reject(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Principal,
    ValidPath(id): ValidPath<String>,
    ValidJson(asked): ValidJson<RejectionReason>,
) -> Result<Json<ReferralView>> {
    let rejected = rewards
        .db()
        .with_tx(&cx, async |mut unit| {
            let mut tx = rewards.tx(&cx, &mut unit);
            let referral = referrals::by_id(tx.conn(), &id)
                .await?
                .ok_or_else(not_found)?;
            let (actor, reason) = (caller.id(), Some(asked.reason.as_str()));
            if referral.is_reserved() {
                tx.release(&referral).await?;
            }
            tx.deed(actor, "referral.rejected", &referral.id, reason)
                .await?;
            tx.step(referral, Step::Reject, actor, reason).await
        })
        .await?;
    Ok(Json(ReferralView::to(Some(&caller), rejected)))
}

pub(super) fn not_found() -> Error {
    Error::new(Code::NotFound, "referral.not_found")
}
