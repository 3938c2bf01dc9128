//! Tasks that have an owner.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::Error;
use crate::reject::Name;

/// A spawned task that belongs to whoever holds this value: dropping it aborts the task.
///
/// Await it for the result. A panic is logged when it happens, whether or not somebody awaits, and comes
/// back as [`TaskError::Panicked`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use ovasabi_core::lifecycle::Task;
///
/// assert_eq!(Task::spawn("sum", async { 3 + 4 }).await.unwrap(), 7);
/// let broken = Task::spawn("broken", async { panic!("no ink") });
/// assert_eq!(broken.await.unwrap_err().to_string(), "task `broken` panicked: no ink");
/// # }
/// ```
#[must_use = "dropping a task aborts it"]
pub struct Task<T> {
    name: Name,
    handle: JoinHandle<Result<T, String>>,
}

/// Why a task has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// It panicked.
    #[error("task `{task}` panicked: {message}")]
    Panicked {
        /// Its name.
        task: Name,
        /// What the panic said.
        message: String,
    },
    /// It was aborted, or its runtime has shut down.
    #[error("task `{task}` was aborted")]
    Aborted {
        /// Its name.
        task: Name,
    },
}

impl<T: Send + 'static> Task<T> {
    /// Starts `work` on the current runtime, in a span of its own.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn spawn(name: impl Into<Name>, work: impl Future<Output = T> + Send + 'static) -> Self {
        let name = name.into();
        let span = tracing::info_span!(target: "ovasabi::lifecycle", "task", task = %name);
        let task = name.clone();
        let noticed = async move {
            let result = CatchPanic::new(work).await;
            if let Err(message) = &result {
                tracing::error!(target: "ovasabi::lifecycle", %task, panic = message, "a task panicked");
            }
            result
        };
        Self {
            name,
            handle: tokio::spawn(noticed.instrument(span)),
        }
    }
}

impl<T> Task<T> {
    /// What it was named.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Whether it has ended, in whichever way.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.handle.is_finished()
    }

    /// Asks it to end at its next `await`; await the task to know that it has.
    pub fn abort(&self) {
        self.handle.abort();
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let ended = ready!(Pin::new(&mut self.handle).poll(cx));
        let task = self.name.clone();
        Poll::Ready(match ended {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(message)) => Err(TaskError::Panicked { task, message }),
            Err(_) => Err(TaskError::Aborted { task }),
        })
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("name", &self.name)
            .field("is_finished", &self.is_finished())
            .finish()
    }
}

impl From<TaskError> for Error {
    fn from(error: TaskError) -> Self {
        Self::internal(error)
    }
}

pin_project! {
    /// Turns a panic of `inner` into a value: what it said.
    pub(crate) struct CatchPanic<F> {
        #[pin]
        inner: F,
    }
}

impl<F> CatchPanic<F> {
    pub(crate) const fn new(inner: F) -> Self {
        Self { inner }
    }
}

impl<F: Future> Future for CatchPanic<F> {
    type Output = Result<F::Output, String>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let inner = self.project().inner;
        // A future that has panicked is not polled again: nobody sees what it left half done.
        match catch_unwind(AssertUnwindSafe(|| inner.poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(message(payload))),
        }
    }
}

fn message(payload: Box<dyn Any + Send>) -> String {
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => other
            .downcast_ref::<&str>()
            .map_or("no text", |text| *text)
            .to_owned(),
    }
}
