//! Paying a reward, exactly once.

use ovasabi_core::worker::queue::{Job, JobContext, Outcome};
use ovasabi_core::{Code, Error, Result};
use serde::{Deserialize, Serialize};

use crate::rewards::Rewards;
use crate::rewards::domain::Step;
use crate::rewards::repository::ledger::{self, Transfer};
use crate::rewards::repository::referrals;

/// Who changes what no person has changed.
pub(super) const SYSTEM: &str = "system";

/// A referral has qualified: its reward is to be paid.
#[derive(Serialize, Deserialize)]
pub(in crate::rewards) struct Settle {
    pub(in crate::rewards) referral_id: String,
}

impl Job for Settle {
    const KIND: &'static str = "referral.settle";
}

/// The money, the state, the events and the end of the job, in one transaction: whatever becomes of this process,
/// all of it has happened, or none.
pub(super) async fn settle(rewards: Rewards, job: JobContext, due: Settle) -> Result<Outcome> {
    let cx = job.context();
    let is_paid = rewards
        .db()
        .with_tx(cx, async |mut unit| {
            let mut tx = rewards.tx(cx, &mut unit);
            let referral = referrals::by_id(tx.conn(), &due.referral_id).await?;
            // Rejected in the meantime, or paid by an attempt that was not heard of: there is nothing to do.
            let Some(referral) = referral.filter(|referral| referral.is_reserved()) else {
                job.complete_in(tx.unit).await?;
                return Ok(false);
            };
            let from = ledger::wallet_of_campaign(tx.conn(), &referral.campaign_id).await?;
            let to = ledger::wallet_of(tx.conn(), &referral.referrer_id).await?;
            // The event that opens it is on its way.
            let to = to.ok_or_else(|| Error::new(Code::Unavailable, "referral.no_wallet_yet"))?;
            let memo = format!("referral {}", referral.code);
            let reward = Transfer {
                from: &from,
                to: &to.id,
                amount_minor: referral.reward_minor,
                memo: &memo,
                referral_id: Some(&referral.id),
            };
            tx.post(reward).await?;
            tx.step(referral, Step::Reward, SYSTEM, None).await?;
            job.complete_in(tx.unit).await?;
            Ok(true)
        })
        .await?;
    if is_paid {
        tracing::info!(referral = due.referral_id, "reward paid");
    }
    Ok(Outcome::Done)
}
