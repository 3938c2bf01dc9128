//! Removing what nobody will ask for.

use std::time::Duration;

use ovasabi_core::worker::queue::JobState;
use ovasabi_core::{Context, Result};

use crate::millis::millis;
use crate::notify::Notify;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How many rows one transaction removes: others want to write too.
const BATCH: u32 = 500;

/// What is removed, and how old it must be. What was not read stays.
const TABLES: [(&str, Duration); 3] = [
    (
        "DELETE FROM notifications WHERE seq IN
         (SELECT seq FROM notifications WHERE acked_ms < ? ORDER BY acked_ms LIMIT ?)",
        Duration::from_secs(90 * DAY.as_secs()),
    ),
    // Longer than a relay goes on sending: an event that comes after it would count as new.
    (
        "DELETE FROM inbox WHERE event_id IN
         (SELECT event_id FROM inbox WHERE created_ms < ? ORDER BY created_ms LIMIT ?)",
        Duration::from_secs(7 * DAY.as_secs()),
    ),
    (
        "DELETE FROM webhook_deliveries WHERE id IN
         (SELECT id FROM webhook_deliveries WHERE done_ms < ? ORDER BY done_ms LIMIT ?)",
        Duration::from_secs(30 * DAY.as_secs()),
    ),
];

/// Jobs that are done are of no use; dead ones wait for somebody as long as their deliveries are kept.
const JOBS: [(JobState, Duration); 2] = [
    (JobState::Done, DAY),
    (JobState::Dead, Duration::from_secs(30 * DAY.as_secs())),
];

impl Notify {
    /// Removes what is old, a batch at a time, and says how many rows that were.
    pub(in crate::notify) async fn remove_old(&self, cx: &Context) -> Result<u64> {
        let mut removed = 0;
        for (statement, age) in TABLES {
            loop {
                let rows = self.remove_batch(cx, statement, age).await?;
                removed += rows;
                if rows < u64::from(BATCH) {
                    break;
                }
            }
        }
        for (state, age) in JOBS {
            loop {
                let rows = self.0.queue.purge(cx, state, age, BATCH).await?;
                removed += rows;
                if rows < u64::from(BATCH) {
                    break;
                }
            }
        }
        Ok(removed)
    }

    async fn remove_batch(
        &self,
        cx: &Context,
        statement: &'static str,
        age: Duration,
    ) -> Result<u64> {
        let before = self.now_ms().saturating_sub(millis(age));
        self.0
            .db
            .with_tx(cx, async |mut unit| {
                let removed = sqlx::query(statement)
                    .bind(before)
                    .bind(BATCH)
                    .execute(unit.connection())
                    .await?;
                Ok(removed.rows_affected())
            })
            .await
    }
}
