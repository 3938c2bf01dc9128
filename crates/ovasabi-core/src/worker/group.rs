//! Tasks that belong together.

use std::fmt;
use std::future::Future;

use tokio::task::{JoinError, JoinSet};
use tracing::Instrument;

use crate::context::{CancelGuard, Cause};
use crate::unwind::panicked;
use crate::{Context, Error, Result};

/// Tasks that belong to one caller: nothing of them outlives the group.
///
/// Each runs as a task of its own with the group's [`Context`], which is a child of the caller's, as its
/// argument and as the task's own; `tokio::spawn` would lose it. When the context ends, each is dropped at
/// its next await. Dropping the group ends all.
///
/// ```
/// use ovasabi_core::worker::TaskGroup;
/// use ovasabi_core::{Code, Context, Error};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> ovasabi_core::Result<()> {
/// let cx = Context::background();
/// let mut squares = TaskGroup::new(&cx);
/// for number in 1..=3_u32 {
///     squares.spawn(async move |_cx| Ok(number * number));
/// }
/// assert_eq!(squares.join_all().await?, [1, 4, 9]);
///
/// // The first error ends the others: this one would wait for ever.
/// let mut group = TaskGroup::<()>::new(&cx);
/// group.spawn(async |_cx| std::future::pending().await);
/// group.spawn(async |_cx| Err(Error::new(Code::NotFound, "part.not_found")));
/// assert_eq!(group.join_all().await.unwrap_err().reason(), "part.not_found");
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping the group ends its tasks"]
pub struct TaskGroup<T> {
    tasks: JoinSet<(usize, Result<T>)>,
    spawned: usize,
    cx: Context,
    guard: CancelGuard,
}

impl<T: Send + 'static> TaskGroup<T> {
    /// A group without tasks, for work on behalf of `cx`.
    pub fn new(cx: &Context) -> Self {
        let (cx, guard) = cx.child();
        Self {
            tasks: JoinSet::new(),
            spawned: 0,
            cx,
            guard,
        }
    }

    /// Starts a task.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn spawn<F, W>(&mut self, work: F)
    where
        F: FnOnce(Context) -> W + Send + 'static,
        W: Future<Output = Result<T>> + Send + 'static,
    {
        let number = self.spawned;
        self.spawned += 1;
        let cx = self.cx.clone();
        let task = async move {
            let work = cx.scope(async { work(cx.clone()).await });
            (number, cx.run(work).await.flatten())
        };
        self.tasks.spawn(task.in_current_span());
    }

    /// Tasks that have not been joined.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether all have been joined.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// The result of the next task that ends; `None` when all have been joined. A panic is `Internal`.
    ///
    /// # Cancel safety
    /// Dropping the future loses no result.
    pub async fn join_next(&mut self) -> Option<Result<T>> {
        let joined = self.tasks.join_next().await?;
        Some(joined.map_err(died).and_then(|(_number, result)| result))
    }

    /// All results, in the order in which the tasks were started.
    ///
    /// # Errors
    /// The first error, or panic as `Internal`. The others are ended then, and have ended when this returns.
    ///
    /// # Cancel safety
    /// Dropping the future ends all.
    pub async fn join_all(mut self) -> Result<Vec<T>> {
        let mut results = Vec::with_capacity(self.tasks.len());
        while let Some(joined) = self.tasks.join_next().await {
            let ended = joined
                .map_err(died)
                .and_then(|(number, result)| Ok((number, result?)));
            match ended {
                Ok(result) => results.push(result),
                Err(error) => {
                    self.guard.cancel(Cause::Cancelled);
                    self.tasks.shutdown().await;
                    return Err(error);
                }
            }
        }
        results.sort_unstable_by_key(|(number, _)| *number);
        Ok(results.into_iter().map(|(_, value)| value).collect())
    }
}

impl<T> fmt::Debug for TaskGroup<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskGroup")
            .field("spawned", &self.spawned)
            .finish_non_exhaustive()
    }
}

fn died(error: JoinError) -> Error {
    match error.try_into_panic() {
        Ok(panic) => panicked("the job", panic.as_ref()),
        Err(_aborted) => Cause::Shutdown.into(),
    }
}
