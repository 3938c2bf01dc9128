//! A partner's program says that who was referred has done what the campaign asks.

use std::time::Duration;

use axum::extract::State;
use garde::Validate;
use http::{HeaderMap, StatusCode};
use ovasabi_auth::Principal;
use ovasabi_auth::policy::Ownership;
use ovasabi_core::worker::queue::NewJob;
use ovasabi_core::{Code, Context, Error, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use super::keyed::Keyed;
use super::referrals::not_found;
use super::view::ReferralView;
use crate::contract::signature::{self, Secret, TOLERANCE, VerifiedId};
use crate::contract::signing_secret;
use crate::http_api::ValidPath;
use crate::rewards::Rewards;
use crate::rewards::domain::{Referral, Step};
use crate::rewards::jobs::Settle;
use crate::rewards::repository::idempotency::Answer;
use crate::rewards::repository::referrals;

/// What has happened at the partner's.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Qualification {
    /// The id of the path: a signature is of the body alone, and must not be good for another referral.
    #[schema(min_length = 1, max_length = 64)]
    #[garde(length(min = 1, max = 64))]
    referral_id: String,
    /// What the partner knows it by.
    #[schema(min_length = 1, max_length = 120, example = "order-1")]
    #[garde(length(chars, min = 1, max = 120))]
    order_ref: String,
}

/// Qualifies a referral: its reward is set aside now and paid soon.
///
/// The request is signed as Standard Webhooks says, with the signing secret of the API key.
#[utoipa::path(post, path = "/v1/referrals/{id}/qualify", tag = "referrals", operation_id = "qualify_referral", request_body = Qualification,
    params(
        ("id" = String, Path, description = "The id of the referral."),
        ("idempotency-key" = String, Header, min_length = 1, max_length = 200),
        ("webhook-id" = String, Header, description = "Names the message; the same one is taken once."),
        ("webhook-timestamp" = i64, Header, description = "Seconds since 1970; at most 300 s from now."),
        ("webhook-signature" = String, Header, description = "`v1,` and the base64 of the HMAC-SHA256 of `id.timestamp.body`."),
    ),
    responses(
        (status = 200, body = ReferralView, headers(("idempotency-replayed" = String))),
        (status = 409, description = "It is not claimed, the budget is used up, or the signed request was sent before."),
))]
pub(super) async fn qualify(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Principal,
    ValidPath(id): ValidPath<String>,
    headers: HeaderMap,
    keyed: Keyed,
) -> Result<Answer> {
    // Of a body that is not signed, nothing is read.
    let (key_id, message) = verify(&rewards, &caller, &headers, &keyed.body)?;
    let (request, asked) = keyed.read::<Qualification>()?;
    if asked.referral_id != id {
        return Err(of_another());
    }
    rewards
        .db()
        .with_tx(&cx, async |mut unit| {
            let mut tx = rewards.tx(&cx, &mut unit);
            if let Some(known) = tx.recall(caller.id(), &request).await? {
                return Ok(known);
            }
            let referral = referrals::by_id(tx.conn(), &id)
                .await?
                .ok_or_else(not_found)?;
            let owner = Ownership::hidden("referral.not_found");
            owner.authorize(&caller, &referral.partner_id)?;
            tx.see(key_id, &message).await?;
            referral.after(Step::Qualify)?;
            tx.reserve(&referral).await?;
            let qualified = Referral {
                order_ref: Some(asked.order_ref),
                ..referral
            };
            let qualified = tx.step(qualified, Step::Qualify, caller.id(), None).await?;
            let settle = NewJob::new(&Settle {
                referral_id: qualified.id.clone(),
            })?;
            let settle = settle
                .unique(&qualified.id)
                .after(rewards.settings().settle_after);
            rewards.queue().enqueue_in(&cx, tx.unit, settle).await?;
            let view = ReferralView::to(Some(&caller), qualified);
            let answer = Answer::json(StatusCode::OK, &view)?;
            tx.remember(caller.id(), &request, answer).await
        })
        .await
}

/// The signature, by the secret of the key that the caller has come with.
fn verify<'a>(
    rewards: &Rewards,
    caller: &'a Principal,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(&'a str, VerifiedId)> {
    let key_id = caller.credential_id();
    let key_id = key_id.ok_or_else(|| Error::internal("the caller's key has no id"))?;
    let services = rewards.settings().services_secret.as_ref();
    let services = services.ok_or_else(no_secret)?;
    let secret = Secret::parse(&signing_secret(services, key_id))?;
    let now = rewards.0.clock.since_epoch();
    let message = signature::verify(&[secret], headers, body, now, TOLERANCE)?;
    Ok((key_id, message))
}

/// What was signed for one referral, somebody has sent to another.
fn of_another() -> Error {
    Error::new(Code::InvalidArgument, "validation.failed").violation(
        "referral_id",
        "path",
        "is not the referral of the path",
    )
}

/// Nothing can be verified until somebody has set the secret: fail closed, and not for ever.
fn no_secret() -> Error {
    Error::new(Code::Unavailable, "signature.no_secret").retry_after(Duration::from_secs(60))
}
