//! Who knows how to do a kind of job.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use uuid::Uuid;

use super::{Claimed, Job, JobQueue};
use crate::repository::UnitOfWork;
use crate::{Context, Error, Result};

/// What became of an attempt that has not failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is done.
    Done,
    /// Not now: again after this time. The attempt does not count.
    Snooze(Duration),
    /// It will never be done, for this reason: it is dead, whatever attempts are left.
    Discard(String),
}

/// A job in the hand of its handler. It derefs to nothing: what belongs to the attempt is asked for by name.
#[derive(Clone)]
pub struct JobContext {
    cx: Context,
    queue: JobQueue,
    job: Claimed,
    is_completed: Arc<AtomicBool>,
}

impl JobContext {
    pub(super) fn new(cx: Context, queue: JobQueue, job: Claimed) -> Self {
        Self {
            cx,
            queue,
            job,
            is_completed: Arc::default(),
        }
    }

    /// The context of the attempt: it ends with its time, when its lease is lost, and at the end of the process's
    /// patience when it stops. It has the trace of whoever has written the job down.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.cx
    }

    /// The id of the job: the same in all its attempts, so good for an idempotency key.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.job.id()
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.job.attempt()
    }

    /// Whether there is none after it.
    #[must_use]
    pub fn is_last_attempt(&self) -> bool {
        self.job.is_last_attempt()
    }

    /// The job is done when `unit`, a unit of work of the queue's own database, is committed with all else that is in it:
    /// what the job has done there happens once, whatever becomes of this process. The handler returns
    /// [`Outcome::Done`] after the commit.
    ///
    /// # Errors
    /// `Aborted` with the reason `job.lease_lost` when somebody else has the job: roll back. Those of the database.
    ///
    /// # Cancel safety
    /// Dropped, the unit of work should be rolled back.
    pub async fn complete_in(&self, unit: &mut UnitOfWork) -> Result<()> {
        self.queue.complete_in(unit, &self.job).await?;
        let is_completed = Arc::clone(&self.is_completed);
        // Release: whoever sees it set after the handler's end need not ask the table.
        unit.on_commit(move |_| is_completed.store(true, Ordering::Release));
        Ok(())
    }

    pub(super) fn is_completed(&self) -> bool {
        self.is_completed.load(Ordering::Acquire)
    }

    pub(super) fn job(&self) -> &Claimed {
        &self.job
    }
}

/// Does the jobs of one kind.
pub(super) trait Handle: Send + Sync {
    fn handle(&self, job: JobContext) -> Attempt;
}

pub(super) type Attempt = Pin<Box<dyn Future<Output = Result<Outcome>> + Send>>;

/// A function as the handler of a kind: it reads the payload first.
pub(super) struct Typed<J, F> {
    handler: F,
    kind: std::marker::PhantomData<fn() -> J>,
}

impl<J, F> Typed<J, F> {
    pub(super) fn new(handler: F) -> Self {
        Self {
            handler,
            kind: std::marker::PhantomData,
        }
    }
}

impl<J, F, W> Handle for Typed<J, F>
where
    J: Job,
    F: Fn(JobContext, J) -> W + Send + Sync,
    W: Future<Output = Result<Outcome>> + Send + 'static,
{
    fn handle(&self, job: JobContext) -> Attempt {
        match serde_json::from_str(job.job().payload()) {
            Ok(payload) => Box::pin((self.handler)(job, payload)),
            // A release that has gone back reads it again; nobody loses it.
            Err(error) => {
                let error = Error::new(crate::Code::DataLoss, "job.payload").caused_by(error);
                Box::pin(std::future::ready(Err(error)))
            }
        }
    }
}

impl fmt::Debug for JobContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobContext")
            .field("id", &self.id())
            .field("attempt", &self.attempt())
            .finish_non_exhaustive()
    }
}
