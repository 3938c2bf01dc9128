//! What became of it.

use std::time::Duration;

use sqlx::SqliteConnection;

use super::{Claimed, JobQueue};
use crate::repository::UnitOfWork;
use crate::repository::stored::{cut, millis};
use crate::{Code, Context, Error, Result};

/// What is to be written of a job in hand.
enum Answer<'a> {
    Done,
    Again {
        after: Duration,
        error: Option<&'a str>,
        counts: bool,
    },
    Dead(&'a str),
}

impl JobQueue {
    /// The job is done.
    ///
    /// # Errors
    /// [`lease_lost`] when it is no longer in hand; those of the database.
    ///
    /// # Cancel safety
    /// Dropped, it has happened or not; if not, the job is done again.
    pub async fn complete(&self, cx: &Context, job: &Claimed) -> Result<()> {
        self.answer(cx, job, Answer::Done).await
    }

    /// The job is done when `unit` is committed, together with what it has done there: not once more, and not half.
    ///
    /// # Errors
    /// [`lease_lost`] when it is no longer in hand: roll back, somebody else is at it. Those of the database.
    ///
    /// # Cancel safety
    /// Dropped, the unit of work should be rolled back.
    pub async fn complete_in(&self, unit: &mut UnitOfWork, job: &Claimed) -> Result<()> {
        let now = self.now_ms();
        write(unit.connection(), job, now, &Answer::Done).await
    }

    /// The attempt has failed: again after this time, or dead when it was the last one.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    ///
    /// # Cancel safety
    /// As [`complete`](Self::complete).
    pub async fn fail(
        &self,
        cx: &Context,
        job: &Claimed,
        error: &str,
        again: Duration,
    ) -> Result<()> {
        let error = Some(cut(error));
        let answer = match error {
            Some(error) if job.is_last_attempt() => Answer::Dead(error),
            error => Answer::Again {
                after: again,
                error,
                counts: true,
            },
        };
        self.answer(cx, job, answer).await
    }

    /// The job is put off: again after this time. The attempt does not count.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    ///
    /// # Cancel safety
    /// As [`complete`](Self::complete).
    pub async fn snooze(&self, cx: &Context, job: &Claimed, after: Duration) -> Result<()> {
        let answer = Answer::Again {
            after,
            error: None,
            counts: false,
        };
        self.answer(cx, job, answer).await
    }

    /// The job is given back, to be done by somebody else now. The attempt does not count.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    ///
    /// # Cancel safety
    /// As [`complete`](Self::complete).
    pub async fn release(&self, cx: &Context, job: &Claimed) -> Result<()> {
        self.snooze(cx, job, Duration::ZERO).await
    }

    /// The job is dead, whatever attempts are left: nobody can do it.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    ///
    /// # Cancel safety
    /// As [`complete`](Self::complete).
    pub async fn bury(&self, cx: &Context, job: &Claimed, why: &str) -> Result<()> {
        self.answer(cx, job, Answer::Dead(cut(why))).await
    }

    /// The job is still in hand: nobody else gets it for this time from now.
    ///
    /// # Errors
    /// As [`complete`](Self::complete).
    ///
    /// # Cancel safety
    /// Dropped, it has happened or not.
    pub async fn extend(&self, cx: &Context, job: &Claimed, lease: Duration) -> Result<()> {
        let until = self.now_ms().saturating_add(millis(lease));
        self.db
            .with_tx(cx, async |mut unit| {
                let extended = sqlx::query(
                    "UPDATE jobs SET leased_until_ms = ? WHERE id = ? AND lease = ? AND state = 'running'",
                )
                .bind(until)
                .bind(job.id.to_string())
                .bind(job.lease)
                .execute(unit.connection())
                .await?;
                one(extended.rows_affected(), job)
            })
            .await
    }

    async fn answer(&self, cx: &Context, job: &Claimed, answer: Answer<'_>) -> Result<()> {
        let now = self.now_ms();
        self.db
            .with_tx(cx, async |mut unit| {
                let is_now = matches!(&answer, Answer::Again { after, .. } if after.is_zero());
                write(unit.connection(), job, now, &answer).await?;
                if is_now {
                    let bell = std::sync::Arc::clone(&self.bell);
                    unit.on_commit(move |_| bell.notify_one());
                }
                Ok(())
            })
            .await
    }
}

/// The lease fences: an answer under an older one changes nothing.
async fn write(
    conn: &mut SqliteConnection,
    job: &Claimed,
    now: i64,
    answer: &Answer<'_>,
) -> Result<()> {
    let (state, run_at, error, ended, uncounted) = match *answer {
        Answer::Done => ("done", None, None, Some(now), 0),
        Answer::Dead(error) => ("dead", None, Some(error), Some(now), 0),
        Answer::Again {
            after,
            error,
            counts,
        } => {
            let run_at = now.saturating_add(millis(after));
            ("ready", Some(run_at), error, None, i32::from(!counts))
        }
    };
    let written = sqlx::query(
        "UPDATE jobs SET
             state = ?, run_at_ms = coalesce(?, run_at_ms), last_error = coalesce(?, last_error), ended_ms = ?,
             attempts = attempts - ?, leased_until_ms = NULL
         WHERE id = ? AND lease = ? AND state = 'running'",
    )
    .bind(state)
    .bind(run_at)
    .bind(error)
    .bind(ended)
    .bind(uncounted)
    .bind(job.id.to_string())
    .bind(job.lease)
    .execute(conn)
    .await?;
    one(written.rows_affected(), job)
}

fn one(rows: u64, job: &Claimed) -> Result<()> {
    if rows == 1 {
        Ok(())
    } else {
        Err(lease_lost(job))
    }
}

/// The lease of the job has ended, and somebody else may have it: `Aborted`, with the reason `job.lease_lost`.
#[must_use]
pub fn lease_lost(job: &Claimed) -> Error {
    Error::new(Code::Aborted, "job.lease_lost")
        .retryable(false)
        .metadata("job", job.id)
}
