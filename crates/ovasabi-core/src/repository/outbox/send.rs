//! What the relay asks of the table.

use std::time::Duration;

use sqlx::SqliteConnection;

use super::{Event, Outbox};
use crate::repository::stored::{cut, millis};
use crate::{Context, Result};

/// The right to send, until it ends. What is said under an older one changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lease(i64);

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
        // One that waits for its next attempt holds up those of its key, and no others.
        let rows = sqlx::query(
            "SELECT * FROM outbox
             WHERE seq IN (SELECT min(seq) FROM outbox WHERE sent_ms IS NULL AND dead_ms IS NULL GROUP BY key)
                 AND next_at_ms <= ?
             ORDER BY seq LIMIT ?",
        )
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
