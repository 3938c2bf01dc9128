//! What is built anew, and what is thrown away.

use std::time::Duration;

use ovasabi_core::Result;
use ovasabi_core::worker::queue::{Job, JobContext, JobState, Outcome};
use serde::{Deserialize, Serialize};

use crate::millis::millis;
use crate::rewards::Rewards;

/// The places of a leaderboard.
const PLACES: u32 = 100;

/// How long it is known that an event was taken in, or sent, and that a job is done.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// So many rows in one transaction: others write too.
const BATCH: u32 = 500;

/// Builds the leaderboards anew.
#[derive(Serialize, Deserialize)]
pub(super) struct RebuildLeaderboards {}

impl Job for RebuildLeaderboards {
    const KIND: &'static str = "leaderboard.rebuild";
}

/// Removes what has served its time.
#[derive(Serialize, Deserialize)]
pub(super) struct Purge {}

impl Job for Purge {
    const KIND: &'static str = "rewards.purge";
}

pub(super) async fn rebuild(rewards: Rewards, job: JobContext) -> Result<Outcome> {
    let cx = job.context();
    rewards
        .db()
        .with_tx(cx, async |mut unit| {
            rewards.tx(cx, &mut unit).rebuild_leaderboards(PLACES).await
        })
        .await?;
    Ok(Outcome::Done)
}

pub(super) async fn purge(rewards: Rewards, job: JobContext) -> Result<Outcome> {
    let cx = job.context();
    loop {
        let own = rewards
            .db()
            .with_tx(cx, async |mut unit| {
                let mut tx = rewards.tx(cx, &mut unit);
                let before = tx.now_ms.saturating_sub(millis(KEPT));
                tx.purge(before, BATCH).await
            })
            .await?;
        let sent = rewards.0.outbox.purge(cx, KEPT, BATCH).await?;
        let done = rewards
            .queue()
            .purge(cx, JobState::Done, KEPT, BATCH)
            .await?;
        if own + sent + done == 0 {
            return Ok(Outcome::Done);
        }
        tracing::info!(own, events = sent, jobs = done, "old rows removed");
    }
}
