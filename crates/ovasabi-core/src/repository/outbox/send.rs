//! What the relay asks of the table.

use std::time::Duration;

use sqlx::SqliteConnection;

use super::{Event, Outbox};
use crate::repository::stored::{cut, millis};
use crate::{Context, Result};

/// The right to send, until it ends. What is said under an older one changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lease(i64);

/// One that waits for its next attempt holds up those of its key, and no others. In the order of the numbers, so that
/// with thousands waiting no more are looked at than those that are sent.
const DUE: &str = "SELECT * FROM outbox AS it
     WHERE sent_ms IS NULL AND dead_ms IS NULL AND next_at_ms <= ?
         AND NOT EXISTS (
             SELECT 1 FROM outbox AS earlier
             WHERE earlier.key = it.key AND earlier.seq < it.seq AND earlier.sent_ms IS NULL AND earlier.dead_ms IS NULL)
     ORDER BY seq LIMIT ?";

impl Outbox {
    /// The right to send for this time: the one in hand longer, or another one when nobody has it.
    pub(super) async fn lease(
        &self,
        cx: &Context,
        own: Option<Lease>,
        time: Duration,
    ) -> Result<Option<Lease>> {
        let now = self.now_ms();
        let until = now.saturating_add(millis(time));
        let own = own.map(|Lease(number)| number);
        self.db
            .with_tx(cx, async |mut unit| {
                let lease: Option<i64> = sqlx::query_scalar(
                    "UPDATE outbox_relay SET until_ms = ?1, lease = lease + (lease IS NOT ?2)
                     WHERE until_ms <= ?3 OR lease IS ?2
                     RETURNING lease",
                )
                .bind(until)
                .bind(own)
                .bind(now)
                .fetch_optional(unit.connection())
                .await?;
                Ok(lease.map(Lease))
            })
            .await
    }

    /// Gives the right back: whoever waits need not wait for its end.
    pub(super) async fn give_back(&self, cx: &Context, Lease(lease): Lease) -> Result<()> {
        self.db
            .with_tx(cx, async |mut unit| {
                let give = sqlx::query("UPDATE outbox_relay SET until_ms = 0 WHERE lease = ?");
                give.bind(lease).execute(unit.connection()).await?;
                Ok(())
            })
            .await
    }

    /// The first event of each key that is to be sent now, up to `limit`.
    pub(super) async fn due(&self, cx: &Context, limit: usize) -> Result<Vec<Event>> {
        let mut conn = self.db.read(cx).await?;
        let rows = sqlx::query(DUE)
            .bind(self.now_ms())
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(conn.connection())
            .await?;
        rows.iter().map(Event::read).collect()
    }

    /// It was sent. Whether that could be written down under this lease.
    pub(super) async fn sent(&self, cx: &Context, lease: Lease, event: &Event) -> Result<bool> {
        let now = self.now_ms();
        let write = "UPDATE outbox SET sent_ms = ?, attempts = attempts + 1 WHERE seq = ? AND sent_ms IS NULL";
        self.db
            .with_tx(cx, async |mut unit| {
                let conn = unit.connection();
                if !holds(conn, lease).await? {
                    return Ok(false);
                }
                sqlx::query(write)
                    .bind(now)
                    .bind(event.seq)
                    .execute(conn)
                    .await?;
                Ok(true)
            })
            .await
    }

    /// It was not taken: again after this time, or never.
    pub(super) async fn refused(
        &self,
        cx: &Context,
        lease: Lease,
        event: &Event,
        error: &str,
        again: Option<Duration>,
    ) -> Result<bool> {
        let now = self.now_ms();
        let next = again.map(|again| now.saturating_add(millis(again)));
        self.db
            .with_tx(cx, async |mut unit| {
                let conn = unit.connection();
                if !holds(conn, lease).await? {
                    return Ok(false);
                }
                let write = sqlx::query(
                    "UPDATE outbox SET attempts = attempts + 1, last_error = ?1, next_at_ms = coalesce(?2, next_at_ms),
                         dead_ms = CASE WHEN ?2 IS NULL THEN ?3 END
                     WHERE seq = ?4 AND sent_ms IS NULL",
                );
                write.bind(cut(error)).bind(next).bind(now).bind(event.seq).execute(conn).await?;
                Ok(true)
            })
            .await
    }
}

async fn holds(conn: &mut SqliteConnection, Lease(lease): Lease) -> Result<bool> {
    let holds = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM outbox_relay WHERE lease = ?)");
    Ok(holds.bind(lease).fetch_one(conn).await?)
}

#[cfg(test)]
mod tests {
    use sqlx::Row;

    use super::DUE;
    use crate::Context;
    use crate::repository::{Db, outbox};

    #[tokio::test]
    async fn what_is_due_is_found_in_order_and_not_among_all_that_waits() {
        let cx = Context::background();
        let db = Db::temporary().unwrap().open().await.unwrap();
        db.migrate(&cx, &outbox::MIGRATIONS).await.unwrap();
        let mut conn = db.read(&cx).await.unwrap();
        let plan = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {DUE}")));
        let plan = plan.bind(0).bind(16).fetch_all(conn.connection());
        let steps: Vec<String> = plan.await.unwrap().iter().map(|row| row.get(3)).collect();
        assert_eq!(
            steps,
            [
                "SCAN it USING INDEX outbox_in_order",
                "CORRELATED SCALAR SUBQUERY 1",
                "SEARCH earlier USING INDEX outbox_waiting (key=? AND seq<?)",
            ]
        );
    }
}
