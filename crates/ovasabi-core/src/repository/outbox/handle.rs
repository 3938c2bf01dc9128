//! The table.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::{Event, NewEvent};
use crate::repository::stored::{Carried, millis};
use crate::repository::{Db, Migrations, UnitOfWork, Uuid, new_id};
use crate::time::WallClock;
use crate::{Context, Result};

/// The events of a database that are to be told elsewhere. See the [module](super). Clones are the same outbox.
#[derive(Clone)]
pub struct Outbox {
    pub(super) db: Db,
    pub(super) clock: WallClock,
    /// Rung when an event is committed here.
    pub(super) bell: Arc<Notify>,
}

/// The tables, in a set of their own: `db.migrate(&cx, &outbox::MIGRATIONS)` beside the application's.
pub const MIGRATIONS: Migrations = Migrations::new(&[
    (1, "create outbox", include_str!("schema.sql")),
    (2, "find what is due", include_str!("order.sql")),
])
.set("outbox");

impl Outbox {
    /// The outbox of this database, which [`MIGRATIONS`] have been applied to.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self {
            db,
            clock: WallClock::system(),
            bell: Arc::default(),
        }
    }

    /// Sets the clock. Default: the machine's, which all processes that share the file have in common.
    #[must_use]
    pub fn with_clock(self, clock: WallClock) -> Self {
        Self { clock, ..self }
    }

    /// Writes an event down in the transaction of what it tells of: it is sent when that is committed, and not if not.
    ///
    /// The trace and the request id of `cx` go with it. The id is that of the event.
    ///
    /// # Errors
    /// Those of the database.
    ///
    /// # Cancel safety
    /// Dropped, the unit of work should be rolled back.
    pub async fn put_in(
        &self,
        cx: &Context,
        unit: &mut UnitOfWork,
        event: NewEvent,
    ) -> Result<Uuid> {
        let (id, now, carried) = (new_id(), self.now_ms(), Carried::of(cx));
        let insert = sqlx::query(
            "INSERT INTO outbox (id, topic, key, payload, traceparent, request_id, created_ms, next_at_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        );
        let insert = insert
            .bind(id.to_string())
            .bind(event.topic)
            .bind(event.key)
            .bind(event.payload);
        let insert = insert.bind(carried.traceparent).bind(carried.request_id);
        insert
            .bind(now)
            .bind(now)
            .execute(unit.connection())
            .await?;
        let bell = Arc::clone(&self.bell);
        unit.on_commit(move |_| bell.notify_one());
        Ok(id)
    }

    /// How many events wait, and for how long the oldest has: what to alert on.
    ///
    /// # Errors
    /// Those of the database.
    ///
    /// # Cancel safety
    /// Safe: it only reads.
    pub async fn backlog(&self, cx: &Context) -> Result<(u64, Duration)> {
        let mut conn = self.db.read(cx).await?;
        let (count, oldest): (i64, Option<i64>) = sqlx::query_as(
            "SELECT count(*), min(created_ms) FROM outbox WHERE sent_ms IS NULL AND dead_ms IS NULL",
        )
        .fetch_one(conn.connection())
        .await?;
        let age = oldest.map_or(0, |oldest| self.now_ms().saturating_sub(oldest).max(0));
        Ok((
            count.unsigned_abs(),
            Duration::from_millis(age.unsigned_abs()),
        ))
    }

    /// The events that nobody would take, oldest first, up to `limit`, with what was said last.
    ///
    /// # Errors
    /// Those of the database.
    ///
    /// # Cancel safety
    /// Safe: it only reads.
    pub async fn dead(&self, cx: &Context, limit: u32) -> Result<Vec<(Event, String)>> {
        use sqlx::Row;
        let mut conn = self.db.read(cx).await?;
        let rows =
            sqlx::query("SELECT * FROM outbox WHERE dead_ms IS NOT NULL ORDER BY seq LIMIT ?")
                .bind(limit)
                .fetch_all(conn.connection())
                .await?;
        let read = |row| {
            Ok((
                Event::read(row)?,
                row.try_get::<Option<String>, _>("last_error")?
                    .unwrap_or_default(),
            ))
        };
        rows.iter().map(read).collect()
    }

    /// Removes up to `limit` events that were sent longer than `age` ago, and says how many.
    ///
    /// # Errors
    /// Those of the database.
    ///
    /// # Cancel safety
    /// Dropped, it has happened or not.
    pub async fn purge(&self, cx: &Context, age: Duration, limit: u32) -> Result<u64> {
        let before = self.now_ms().saturating_sub(millis(age));
        self.db
            .with_tx(cx, async |mut unit| {
                let removed = sqlx::query(
                    "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE sent_ms <= ? ORDER BY sent_ms LIMIT ?)",
                );
                let removed = removed.bind(before).bind(limit).execute(unit.connection()).await?;
                Ok(removed.rows_affected())
            })
            .await
    }

    pub(super) fn now_ms(&self) -> i64 {
        millis(self.clock.since_epoch())
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("db", self.db.name())
            .finish_non_exhaustive()
    }
}
