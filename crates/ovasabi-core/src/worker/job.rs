//! A job, and who waits for it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};

use tokio::sync::oneshot;
use tracing::{Instrument, Span};

use super::stats::{Stats, count};
use crate::context::{CancelGuard, Cause};
use crate::unwind::{catch, panicked};
use crate::{Code, Context, Error, Result};

/// What waits in the queue: a job of whatever type, with its answer.
pub(super) trait Work: Send {
    /// The context of the job.
    fn context(&self) -> &Context;

    /// Runs it and answers. Never panics.
    fn run(self: Box<Self>, stats: Arc<Stats>) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// Answers without running it.
    fn refuse(self: Box<Self>, error: Error);
}

pub(super) struct Job<F, T> {
    job: F,
    cx: Context,
    guard: CancelGuard,
    span: Span,
    answer: oneshot::Sender<Result<T>>,
}

impl<F, T> Job<F, T> {
    pub(super) fn new(cx: &Context, job: F) -> (Self, JobHandle<T>) {
        let (cx, guard) = cx.child();
        let (answer, answered) = oneshot::channel();
        let handle = JobHandle {
            answered,
            cx: cx.clone(),
        };
        (
            Self {
                job,
                cx,
                guard,
                span: Span::current(),
                answer,
            },
            handle,
        )
    }

    /// The job as it was submitted.
    pub(super) fn into_inner(self) -> F {
        self.job
    }
}

impl<F, W, T> Work for Job<F, T>
where
    F: FnOnce(Context) -> W + Send + 'static,
    W: Future<Output = Result<T>> + Send + 'static,
    T: Send + 'static,
{
    fn context(&self) -> &Context {
        &self.cx
    }

    fn run(self: Box<Self>, stats: Arc<Stats>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let Self {
            job,
            cx,
            guard,
            span,
            answer,
        } = *self;
        let work = async move {
            let outcome = catch(cx.scope(async { job(cx.clone()).await })).await;
            // What the job has started with its context and left behind has nobody to work for.
            guard.cancel(Cause::Finished);
            let (counter, outcome) = match outcome {
                Ok(Ok(value)) => (&stats.done, Ok(value)),
                Ok(Err(error)) => (&stats.failed, Err(error)),
                Err(panic) => (&stats.panicked, Err(panicked("the job", panic.as_ref()))),
            };
            count(counter);
            // Nobody may be waiting: jobs are also submitted for what they do.
            drop(answer.send(outcome));
        };
        Box::pin(work.instrument(span))
    }

    fn refuse(self: Box<Self>, error: Error) {
        drop(self.answer.send(Err(error)));
    }
}

/// The result of a job, when it is there. Dropping it leaves the job alone.
#[must_use = "the result of a job tells whether it was done"]
pub struct JobHandle<T> {
    answered: oneshot::Receiver<Result<T>>,
    cx: Context,
}

impl<T> JobHandle<T> {
    /// Ends the context of the job: it is not started if it has not been, and sees the end of its context if
    /// it has.
    pub fn cancel(&self) {
        self.cx.cancel(Cause::Cancelled);
    }
}

/// The job's own result; `Internal` when it panicked, the context's cause when it was not started,
/// `Unavailable` when the pool ended before it.
impl<T> Future for JobHandle<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<Result<T>> {
        let answer = ready!(Pin::new(&mut self.answered).poll(cx));
        Poll::Ready(
            answer.unwrap_or_else(|_gone| Err(Error::new(Code::Unavailable, "worker.stopped"))),
        )
    }
}

impl<T> fmt::Debug for JobHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobHandle")
            .field("context", &self.cx)
            .finish_non_exhaustive()
    }
}
