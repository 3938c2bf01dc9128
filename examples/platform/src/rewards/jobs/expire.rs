//! Referrals that nobody has used in time.

use ovasabi_core::Result;
use ovasabi_core::worker::queue::{Job, JobContext, Outcome};
use serde::{Deserialize, Serialize};

use super::settle::SYSTEM;
use crate::millis::millis;
use crate::rewards::Rewards;
use crate::rewards::domain::Step;
use crate::rewards::repository::referrals;

/// So many in one transaction: others write too.
const BATCH: u32 = 100;

/// Looks for what is overdue.
#[derive(Serialize, Deserialize)]
pub(super) struct Expire {}

impl Job for Expire {
    const KIND: &'static str = "referral.expire";
}

pub(super) async fn expire(rewards: Rewards, job: JobContext) -> Result<Outcome> {
    let cx = job.context();
    let ttl = millis(rewards.settings().referral_ttl);
    loop {
        let expired = rewards
            .db()
            .with_tx(cx, async |mut unit| {
                let mut tx = rewards.tx(cx, &mut unit);
                let before = tx.now_ms.saturating_sub(ttl);
                let overdue = referrals::overdue(tx.conn(), before, BATCH).await?;
                let expired = overdue.len();
                for referral in overdue {
                    tx.step(referral, Step::Expire, SYSTEM, None).await?;
                }
                Ok(expired)
            })
            .await?;
        if expired == 0 {
            return Ok(Outcome::Done);
        }
        tracing::info!(expired, "referrals expired");
    }
}
