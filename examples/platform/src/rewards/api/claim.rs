//! Coming by a referral.

use axum::extract::State;
use ovasabi_auth::Principal;
use ovasabi_core::{Context, Result};

use super::catalogue;
use super::referrals::not_found;
use super::view::ReferralView;
use crate::http_api::{Json, ValidPath};
use crate::rewards::Rewards;
use crate::rewards::domain::{Code, Referral, Step};
use crate::rewards::repository::{campaigns, referrals};

/// Claims a code for the caller. Of all who do, the first has it.
#[utoipa::path(post, path = "/v1/referrals/{code}/claim", tag = "referrals", operation_id = "claim_referral", params(("code" = String, Path)), responses(
    (status = 200, body = ReferralView),
    (status = 409, description = "It is the caller's own or is claimed, or the campaign takes no referrals now."),
))]
pub(super) async fn claim(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Principal,
    ValidPath(code): ValidPath<String>,
) -> Result<Json<ReferralView>> {
    let code = Code::parse(&code).ok_or_else(not_found)?;
    let claimed = rewards
        .db()
        .with_tx(&cx, async |mut unit| {
            let mut tx = rewards.tx(&cx, &mut unit);
            let referral = referrals::by_code(tx.conn(), &code)
                .await?
                .ok_or_else(not_found)?;
            referral.not_self(caller.id())?;
            referral.after(Step::Claim)?;
            let campaign = campaigns::by_slug(tx.conn(), &referral.campaign).await?;
            campaign
                .ok_or_else(catalogue::not_found)?
                .open_at(tx.now_ms)?;
            let claimed = Referral {
                referred_id: Some(caller.id().to_owned()),
                ..referral
            };
            tx.step(claimed, Step::Claim, caller.id(), None).await
        })
        .await?;
    Ok(Json(ReferralView::to(Some(&caller), claimed)))
}
