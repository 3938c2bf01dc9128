//! The queue.

use std::fmt;
use std::sync::Arc;

use sqlx::SqliteConnection;
use tokio::sync::Notify;
use uuid::Uuid;

use super::job::Due;
use super::{Enqueued, NewJob};
use crate::repository::stored::{Carried, millis};
use crate::repository::{Db, Migrations, UnitOfWork, new_id};
use crate::time::WallClock;
use crate::{Context, Error, Result};

/// A table of jobs in a database. See the [module](super). Clones are the same queue.
#[derive(Clone)]
pub struct JobQueue {
    pub(super) db: Db,
    pub(super) clock: WallClock,
    /// Rung when a job is committed here: whoever claims in this process need not wait for its next look.
    pub(super) bell: Arc<Notify>,
}

/// The table, in a set of its own: `db.migrate(&cx, &queue::MIGRATIONS)` beside the application's.
pub const MIGRATIONS: Migrations =
    Migrations::new(&[(1, "create jobs", include_str!("schema.sql"))]).set("jobs");

impl JobQueue {
    /// The queue of this database, which [`MIGRATIONS`] have been applied to.
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

    /// Writes a job down, in a transaction of its own.
    ///
    /// # Errors
    /// Those of the database.
    ///
    /// # Cancel safety
    /// As [`Db::with_tx`]: dropped, it is written down or it is not.
    pub async fn enqueue(&self, cx: &Context, job: NewJob) -> Result<Enqueued> {
        self.db
            .with_tx(cx, async |mut unit| {
                self.enqueue_in(cx, &mut unit, job).await
            })
            .await
    }

    /// Writes a job down in the transaction of what it belongs to: it is there when that is committed, and not if not.
    ///
    /// The trace and the request id of `cx` go with it.
    ///
    /// # Errors
    /// Those of the database.
    ///
    /// # Cancel safety
    /// Dropped, the unit of work should be rolled back.
    pub async fn enqueue_in(
        &self,
        cx: &Context,
        unit: &mut UnitOfWork,
        job: NewJob,
    ) -> Result<Enqueued> {
        let enqueued = self.insert(cx, unit.connection(), &job).await?;
        let bell = Arc::clone(&self.bell);
        unit.on_commit(move |_| bell.notify_one());
        Ok(enqueued)
    }

    async fn insert(
        &self,
        cx: &Context,
        conn: &mut SqliteConnection,
        job: &NewJob,
    ) -> Result<Enqueued> {
        let now = self.now_ms();
        let run_at = match job.due {
            Due::After(delay) => now.saturating_add(millis(delay)),
            Due::At(date) => date.duration_since(std::time::UNIX_EPOCH).map_or(0, millis),
        };
        let id = new_id();
        let carried = Carried::of(cx);
        let inserted = sqlx::query(
            "INSERT INTO jobs (id, kind, payload, run_at_ms, max_attempts, unique_key, serial_key, traceparent, request_id, created_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT DO NOTHING",
        )
        .bind(id.to_string())
        .bind(job.kind)
        .bind(&job.payload)
        .bind(run_at)
        .bind(job.max_attempts)
        .bind(&job.unique_key)
        .bind(&job.serial_key)
        .bind(carried.traceparent)
        .bind(carried.request_id)
        .bind(now)
        .execute(&mut *conn)
        .await?;
        if inserted.rows_affected() == 1 {
            return Ok(Enqueued::Inserted(id));
        }
        let existing: String = sqlx::query_scalar(
            "SELECT id FROM jobs WHERE kind = ? AND unique_key = ? AND state IN ('ready', 'running')",
        )
        .bind(job.kind)
        .bind(&job.unique_key)
        .fetch_one(conn)
        .await?;
        Ok(Enqueued::Existing(parse(&existing)?))
    }

    pub(super) fn now_ms(&self) -> i64 {
        millis(self.clock.since_epoch())
    }
}

pub(super) fn parse(id: &str) -> Result<Uuid> {
    Uuid::parse_str(id).map_err(Error::internal)
}

impl fmt::Debug for JobQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobQueue")
            .field("db", self.db.name())
            .finish_non_exhaustive()
    }
}
