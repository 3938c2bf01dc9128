//! Looking after the table.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::JobQueue;
use super::handle::parse;
use crate::repository::stored::millis;
use crate::{Code, Context, Error, Result};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobState {
    /// It waits until it is due, or for somebody to do it.
    Ready,
    /// Somebody is at it.
    Running,
    /// It is done.
    Done,
    /// It failed too often, took its process with it too often, or was discarded.
    Dead,
}

/// A job as it stands in the table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JobRecord {
    /// Its id.
    pub id: Uuid,
    /// Its [kind](super::Job::KIND).
    pub kind: String,
    /// What it must know, as JSON.
    pub payload: String,
    /// Where it stands.
    pub state: JobState,
    /// When it is due, or was.
    pub run_at: SystemTime,
    /// Attempts that were begun and answered, with the one that is at work.
    pub attempts: u32,
    /// How often it took its process with it.
    pub crashes: u32,
    /// What the last failed attempt said, private.
    pub last_error: Option<String>,
}

impl JobState {
    fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }
}

impl JobQueue {
    /// The jobs of a state that come after `after`, oldest first, up to `limit`.
    ///
    /// # Errors
    /// Those of the database.
    ///
    /// # Cancel safety
    /// Safe: it only reads.
    pub async fn list(
        &self,
        cx: &Context,
        state: JobState,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<JobRecord>> {
        let mut conn = self.db.read(cx).await?;
        let rows = sqlx::query(
            "SELECT id, kind, payload, run_at_ms, attempts, crashes, last_error FROM jobs
             WHERE state = ? AND seq > coalesce((SELECT seq FROM jobs WHERE id = ?), 0)
             ORDER BY seq LIMIT ?",
        )
        .bind(state.name())
        .bind(after.map(|id| id.to_string()))
        .bind(limit)
        .fetch_all(conn.connection())
        .await?;
        rows.iter().map(|row| JobRecord::read(row, state)).collect()
    }

    /// One job, whatever its state; `None` when it is not there, or no longer.
    ///
    /// # Errors
    /// Those of the database.
    ///
    /// # Cancel safety
    /// Safe: it only reads.
    pub async fn find(&self, cx: &Context, id: Uuid) -> Result<Option<JobRecord>> {
        let mut conn = self.db.read(cx).await?;
        let row = sqlx::query(
            "SELECT id, kind, payload, state, run_at_ms, attempts, crashes, last_error FROM jobs WHERE id = ?",
        )
        .bind(id.to_string())
        .fetch_optional(conn.connection())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let name: String = row.try_get("state")?;
        let all = [
            JobState::Ready,
            JobState::Running,
            JobState::Done,
            JobState::Dead,
        ];
        let state = all.into_iter().find(|state| state.name() == name);
        let state = state.ok_or_else(|| Error::internal("a job has no state that is known"))?;
        JobRecord::read(&row, state).map(Some)
    }

    /// How many jobs of a state there are.
    ///
    /// # Errors
    /// Those of the database.
    ///
    /// # Cancel safety
    /// Safe: it only reads.
    pub async fn count(&self, cx: &Context, state: JobState) -> Result<u64> {
        let mut conn = self.db.read(cx).await?;
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs WHERE state = ?")
            .bind(state.name())
            .fetch_one(conn.connection())
            .await?;
        Ok(count.unsigned_abs())
    }

    /// A dead job is to be done again, now, as if it never had been.
    ///
    /// # Errors
    /// `NotFound` with the reason `job.not_dead`; `AlreadyExists` when another one of its unique key waits or is at work;
    /// those of the database.
    ///
    /// # Cancel safety
    /// Dropped, it has happened or not.
    pub async fn revive(&self, cx: &Context, id: Uuid) -> Result<()> {
        let now = self.now_ms();
        self.db
            .with_tx(cx, async |mut unit| {
                let revived = sqlx::query(
                    "UPDATE jobs SET state = 'ready', run_at_ms = ?, attempts = 0, crashes = 0, ended_ms = NULL
                     WHERE id = ? AND state = 'dead'",
                )
                .bind(now)
                .bind(id.to_string())
                .execute(unit.connection())
                .await?;
                if revived.rows_affected() == 0 {
                    return Err(Error::new(Code::NotFound, "job.not_dead").metadata("job", id));
                }
                let bell = std::sync::Arc::clone(&self.bell);
                unit.on_commit(move |_| bell.notify_one());
                Ok(())
            })
            .await
    }

    /// Removes up to `limit` jobs that are done, or dead, for longer than `age`, and says how many.
    ///
    /// # Errors
    /// Those of the database.
    ///
    /// # Cancel safety
    /// Dropped, it has happened or not.
    pub async fn purge(
        &self,
        cx: &Context,
        state: JobState,
        age: Duration,
        limit: u32,
    ) -> Result<u64> {
        let before = self.now_ms().saturating_sub(millis(age));
        self.db
            .with_tx(cx, async |mut unit| {
                let removed = sqlx::query(
                    "DELETE FROM jobs WHERE seq IN (
                         SELECT seq FROM jobs WHERE state = ? AND state IN ('done', 'dead') AND ended_ms <= ?
                         ORDER BY ended_ms LIMIT ?)",
                )
                .bind(state.name())
                .bind(before)
                .bind(limit)
                .execute(unit.connection())
                .await?;
                Ok(removed.rows_affected())
            })
            .await
    }
}

impl JobRecord {
    fn read(row: &SqliteRow, state: JobState) -> Result<Self> {
        let run_at: i64 = row.try_get("run_at_ms")?;
        let run_at = UNIX_EPOCH.checked_add(Duration::from_millis(run_at.max(0).unsigned_abs()));
        let id: String = row.try_get("id")?;
        Ok(Self {
            id: parse(&id)?,
            kind: row.try_get("kind")?,
            payload: row.try_get("payload")?,
            state,
            run_at: run_at.unwrap_or(UNIX_EPOCH),
            attempts: row.try_get("attempts")?,
            crashes: row.try_get("crashes")?,
            last_error: row.try_get("last_error")?,
        })
    }
}
