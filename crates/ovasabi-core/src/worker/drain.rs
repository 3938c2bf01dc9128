//! The end of a pool.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::WorkerPool;
use crate::context::Cause;
use crate::{Code, Error};

/// What a drain did not get done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "the report tells what was lost"]
pub struct DrainReport {
    not_started: usize,
    cancelled: usize,
    aborted: usize,
}

impl DrainReport {
    /// Jobs that were in the queue when the soft time was over.
    #[must_use]
    pub fn not_started(&self) -> usize {
        self.not_started
    }

    /// Jobs at work when the soft time was over: their contexts were ended.
    #[must_use]
    pub fn cancelled(&self) -> usize {
        self.cancelled
    }

    /// Those of them at work still when the hard time was over too: they were dropped at their next await.
    #[must_use]
    pub fn aborted(&self) -> usize {
        self.aborted
    }

    /// Whether every job was done.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

impl WorkerPool {
    /// Closes the pool: new jobs are refused from now on, those that wait for room too.
    ///
    /// For `soft` the workers go on with what is at work and in the queue. Then the rest of the queue is
    /// answered with `Unavailable`, the contexts of the jobs at work are cancelled with [`Cause::Shutdown`],
    /// and they have `hard` to clean up. What is at work then is aborted.
    ///
    /// A second call waits for the first.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the pool closed, and at the step it had reached.
    pub async fn drain(&self, soft: Duration, hard: Duration) -> DrainReport {
        let shared = self.shared();
        shared.queue.close();
        let mut workers = self.workers.lock().await;
        if timeout(soft, all(&mut workers)).await.is_ok() {
            return DrainReport::default();
        }
        let left = shared.queue.take_all();
        let not_started = left.len();
        for job in left {
            job.refuse(Error::new(Code::Unavailable, "worker.not_started"));
        }
        let cancelled = shared
            .desks
            .iter()
            .filter(|desk| desk.cancel(Cause::Shutdown))
            .count();
        let mut aborted = 0;
        if timeout(hard, all(&mut workers)).await.is_err() {
            aborted = shared.running();
            // Not waited for: a job that never awaits would make the drain hang.
            workers.abort_all();
        }
        DrainReport {
            not_started,
            cancelled,
            aborted,
        }
    }
}

async fn all(workers: &mut JoinSet<()>) {
    while workers.join_next().await.is_some() {}
}
