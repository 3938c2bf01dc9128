//! What one service wants done.

use std::pin::Pin;
use std::time::Duration;

use ovasabi_core::repository::outbox::{Event, Relay};
use ovasabi_core::worker::queue::{JobQueue, JobRunner, NewJob};
use ovasabi_core::{Context, Result};

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The tasks of one service, each of which goes on until its context is done.
#[must_use = "nothing is done before the worker runs it"]
pub(crate) struct Jobs(Vec<Task>);

pub(crate) struct Task {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn FnOnce(Context) -> Work + Send>,
}

impl Jobs {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// Does jobs of a queue.
    pub(crate) fn runner(self, name: &'static str, runner: JobRunner) -> Self {
        self.task(name, async move |cx| runner.run(&cx).await)
    }

    /// Sends the events of an outbox.
    pub(crate) fn relay<P, W>(self, name: &'static str, relay: Relay<P>) -> Self
    where
        P: Fn(Context, Event) -> W + Send + Sync + 'static,
        W: Future<Output = Result<()>> + Send + 'static,
    {
        self.task(name, async move |cx| relay.run(&cx).await)
    }

    /// Puts a job into a queue at once and then every so often. The job has a unique key: while one waits, there is no
    /// other, however many workers there are.
    pub(crate) fn every(
        self,
        name: &'static str,
        period: Duration,
        queue: JobQueue,
        job: fn() -> Result<NewJob>,
    ) -> Self {
        self.task(name, async move |cx: Context| {
            while !cx.is_done() {
                let put = match job() {
                    Ok(job) => queue.enqueue(&cx, job).await.map(drop),
                    Err(error) => Err(error),
                };
                if let Err(error) = put {
                    tracing::warn!(
                        schedule = name,
                        error = &error as &(dyn std::error::Error + 'static),
                        "not put into the queue; the next time comes"
                    );
                }
                tokio::select! {
                    _ = cx.done() => {}
                    () = tokio::time::sleep(period) => {}
                }
            }
        })
    }

    fn task<F>(
        mut self,
        name: &'static str,
        run: impl FnOnce(Context) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let run = Box::new(move |cx| Box::pin(run(cx)) as Work);
        self.0.push(Task { name, run });
        self
    }

    pub(crate) fn into_tasks(self) -> Vec<Task> {
        self.0
    }
}
