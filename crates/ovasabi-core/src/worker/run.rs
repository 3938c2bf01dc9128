//! What a worker does.

use std::sync::{Arc, Mutex, PoisonError};

use super::job::Work;
use super::pool::Shared;
use super::stats::count;
use crate::Context;
use crate::context::Cause;
use crate::inspect::Inspected;
use crate::unwind::catch;

/// The context of the job that a worker has in hand.
#[derive(Default)]
pub(super) struct Desk(Mutex<Option<Context>>);

impl Desk {
    pub(super) fn is_busy(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// Ends the context of the job in hand; whether there was one.
    pub(super) fn cancel(&self, cause: Cause) -> bool {
        let cx = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        cx.inspect(|cx| cx.cancel(cause)).is_some()
    }

    fn take_up(&self, cx: Context) -> AtWork<'_> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx);
        AtWork(self)
    }
}

/// Clears the desk, also when the worker is aborted.
struct AtWork<'a>(&'a Desk);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Runs jobs until the queue is closed and empty.
pub(super) async fn work(shared: Arc<Inspected<Shared>>, desk: Arc<Desk>) {
    // A job goes from the queue to the desk in one step: a drain finds it in either of them.
    while let Some((job, at_work)) = shared
        .queue
        .next(|job| desk.take_up(job.context().clone()))
        .await
    {
        // A job's own panic is caught with its answer in hand. This one is for what even its destructor may
        // do: the worker goes on.
        if catch(perform(&shared, at_work, job)).await.is_err() {
            count(&shared.stats.panicked);
        }
    }
}

async fn perform(shared: &Shared, _at_work: AtWork<'_>, job: Box<dyn Work>) {
    if let Err(stopped) = job.context().check() {
        count(&shared.stats.expired);
        job.refuse(stopped);
        return;
    }
    job.run(Arc::clone(&shared.stats)).await;
    // A job that never waits must not keep this thread from everybody else.
    tokio::task::consume_budget().await;
}
