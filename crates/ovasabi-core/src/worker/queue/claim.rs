//! Who does it.

use std::collections::HashSet;
use std::time::Duration;

use sqlx::Row;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::JobQueue;
use super::handle::parse;
use crate::backoff::Random;
use crate::repository::stored::{Carried, millis};
use crate::{Context, Result};

/// What is claimed, of whom, and for how long.
#[derive(Clone, Debug)]
#[must_use]
pub struct Claim {
    pub(super) kinds: Vec<&'static str>,
    pub(super) limit: usize,
    pub(super) lease: Duration,
}

/// A job in hand, until its lease ends.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) payload: String,
    pub(super) attempt: u32,
    pub(super) max_attempts: u32,
    /// The number of this claim: what is said of the job under another one is refused.
    pub(super) lease: i64,
    carried: Carried,
}

/// What a look at the leases has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Jobs whose worker went away, and that are to be done again.
    pub rescued: Vec<Uuid>,
    /// Jobs that went away with their worker too often: they are dead.
    pub poisoned: Vec<Uuid>,
}

impl Claim {
    /// Jobs of these kinds: one, for 30 s, unless said otherwise.
    pub fn of(kinds: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            kinds: kinds.into_iter().collect(),
            limit: 1,
            lease: Duration::from_secs(30),
        }
    }

    /// How many at most.
    pub fn limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// For how long nobody else gets them, unless it is [extended](JobQueue::extend).
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }
}

impl JobQueue {
    /// Claims jobs that are due, those first that have been for longest.
    ///
    /// # Errors
    /// Those of the database.
    ///
    /// # Cancel safety
    /// Dropped, what was claimed comes back when its lease ends.
    pub async fn claim(&self, cx: &Context, claim: &Claim) -> Result<Vec<Claimed>> {
        let now = self.now_ms();
        let kinds = serde_json::to_string(&claim.kinds).unwrap_or_default();
        if claim.limit == 0 || !self.is_any_due(cx, &kinds, now).await? {
            // Looking is cheap and shared; claiming keeps all writers waiting.
            return Ok(Vec::new());
        }
        self.db
            .with_tx(cx, async |mut unit| {
                let conn = unit.connection();
                let limit = i64::try_from(claim.limit).unwrap_or(i64::MAX);
                let due = due(conn, &kinds, now, limit).await?;
                let mut keys = HashSet::new();
                let mut claimed = Vec::with_capacity(due.len());
                for (seq, serial_key) in due {
                    // One of a key in a batch too.
                    if serial_key.is_none_or(|key| keys.insert(key)) {
                        let until = now.saturating_add(millis(claim.lease));
                        claimed.push(take(conn, seq, until).await?);
                    }
                }
                Ok(claimed)
            })
            .await
    }

    /// Takes back what was claimed by whoever went away: to be done again, or dead after `max_crashes`.
    ///
    /// # Errors
    /// Those of the database.
    ///
    /// # Cancel safety
    /// Dropped, it has happened or not.
    pub async fn sweep(&self, cx: &Context, max_crashes: u32) -> Result<Swept> {
        let now = self.now_ms();
        let is_any =
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'running' AND leased_until_ms <= ?)";
        let mut conn = self.db.read(cx).await?;
        let is_any: bool = sqlx::query_scalar(is_any)
            .bind(now)
            .fetch_one(conn.connection())
            .await?;
        drop(conn);
        if !is_any {
            return Ok(Swept::default());
        }
        self.db
            .with_tx(cx, async |mut unit| {
                // The attempt had no answer, so it is none: it counts as a crash.
                let swept = sqlx::query_as(
                    "UPDATE jobs SET
                         crashes = crashes + 1,
                         attempts = attempts - 1,
                         leased_until_ms = NULL,
                         last_error = 'its worker went away',
                         state = CASE WHEN crashes + 1 >= ?1 THEN 'dead' ELSE 'ready' END,
                         ended_ms = CASE WHEN crashes + 1 >= ?1 THEN ?2 END
                     WHERE state = 'running' AND leased_until_ms <= ?2
                     RETURNING id, state",
                )
                .bind(max_crashes.max(1))
                .bind(now)
                .fetch_all(unit.connection())
                .await?;
                let swept: Vec<(String, String)> = swept;
                let mut found = Swept::default();
                for (id, state) in swept {
                    let list = if state == "dead" {
                        &mut found.poisoned
                    } else {
                        &mut found.rescued
                    };
                    list.push(parse(&id)?);
                }
                Ok(found)
            })
            .await
    }

    async fn is_any_due(&self, cx: &Context, kinds: &str, now: i64) -> Result<bool> {
        let mut conn = self.db.read(cx).await?;
        let is_any = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'ready' AND run_at_ms <= ?
                 AND kind IN (SELECT value FROM json_each(?)))",
        );
        Ok(is_any
            .bind(now)
            .bind(kinds)
            .fetch_one(conn.connection())
            .await?)
    }
}

async fn due(
    conn: &mut SqliteConnection,
    kinds: &str,
    now: i64,
    limit: i64,
) -> Result<Vec<(i64, Option<String>)>> {
    let due = sqlx::query_as(
        "SELECT seq, serial_key FROM jobs
         WHERE state = 'ready' AND run_at_ms <= ?
             AND kind IN (SELECT value FROM json_each(?))
             AND (serial_key IS NULL OR NOT EXISTS (
                 SELECT 1 FROM jobs AS other WHERE other.serial_key = jobs.serial_key AND other.state = 'running'))
         ORDER BY run_at_ms, seq
         LIMIT ?",
    );
    Ok(due
        .bind(now)
        .bind(kinds)
        .bind(limit)
        .fetch_all(conn)
        .await?)
}

async fn take(conn: &mut SqliteConnection, seq: i64, until: i64) -> Result<Claimed> {
    let row = sqlx::query(
        "UPDATE jobs SET state = 'running', lease = lease + 1, attempts = attempts + 1, leased_until_ms = ?
         WHERE seq = ?
         RETURNING id, kind, payload, attempts, max_attempts, lease, traceparent, request_id",
    )
    .bind(until)
    .bind(seq)
    .fetch_one(conn)
    .await?;
    Claimed::read(&row)
}

impl Claimed {
    fn read(row: &SqliteRow) -> Result<Self> {
        Ok(Self {
            id: parse(row.try_get("id")?)?,
            kind: row.try_get("kind")?,
            payload: row.try_get("payload")?,
            attempt: row.try_get("attempts")?,
            max_attempts: row.try_get("max_attempts")?,
            lease: row.try_get("lease")?,
            carried: Carried::read(row)?,
        })
    }

    /// The id of the job.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Its [kind](super::Job::KIND).
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What it must know, as JSON.
    #[must_use]
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether there is none after it.
    #[must_use]
    pub fn is_last_attempt(&self) -> bool {
        self.attempt >= self.max_attempts
    }

    /// `cx`, with the trace and the request id of whoever has written the job down.
    #[must_use]
    pub fn context(&self, cx: &Context, random: &Random) -> Context {
        self.carried.restore(cx, random)
    }
}
