//! The pool.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::backlog::{Closed, Full, Place, Queue};
use super::job::{Job, Work};
use super::run::{Desk, work};
use super::stats::{Stats, count};
use super::{JobHandle, Overflow, Refused, WorkerPoolBuilder};
use crate::inspect::{Inspect, Inspected, Metric, Snapshot};
use crate::reject::{Name, RejectKind, Rejection};
use crate::{Code, Context, Error, Result};

/// A fixed number of workers over a bounded queue. See the [module](crate::worker).
///
/// Clones are the same pool. With the last one its workers are aborted, whatever they have in hand; a
/// [drain](WorkerPool::drain) before that is gentler.
#[derive(Clone)]
pub struct WorkerPool {
    shared: Arc<Inspected<Shared>>,
    /// Apart from what the workers hold, so that they do not keep themselves alive.
    pub(super) workers: Arc<Mutex<JoinSet<()>>>,
}

pub(super) struct Shared {
    name: Name,
    overflow: Overflow,
    pub(super) queue: Queue<Box<dyn Work>>,
    pub(super) desks: Vec<Arc<Desk>>,
    pub(super) stats: Arc<Stats>,
}

impl WorkerPool {
    /// A builder for a pool with this name, which tells it apart in metrics and refusals.
    pub fn builder(name: impl Into<Name>) -> WorkerPoolBuilder {
        WorkerPoolBuilder::new(name.into())
    }

    pub(super) fn assemble(builder: WorkerPoolBuilder) -> Result<Self> {
        let desks: Vec<Arc<Desk>> = (0..builder.size).map(|_| Arc::default()).collect();
        let shared = Arc::new(Inspected::new(Shared {
            name: builder.name,
            overflow: builder.overflow,
            queue: Queue::new(builder.queue),
            desks: desks.clone(),
            stats: Arc::default(),
        }));
        if let Some(registry) = builder.registry {
            let taken =
                |taken| Error::new(Code::AlreadyExists, "worker.name_taken").caused_by(taken);
            registry.register(&shared).map_err(taken)?;
        }
        let mut workers = JoinSet::new();
        for desk in desks {
            workers.spawn(work(Arc::clone(&shared), desk));
        }
        Ok(Self {
            shared,
            workers: Arc::new(Mutex::new(workers)),
        })
    }

    /// Gives `job` to the pool, and does what [`Overflow`] says when the queue is full.
    ///
    /// The job gets a child of `cx`, which is also its task's own, and is asked to stop by the end of it: it
    /// is never dropped half-way but by the end of a [drain](WorkerPool::drain). A job that awaits others
    /// does so under [`Context::run`].
    ///
    /// # Errors
    /// The job comes back with the reason: the queue is full, the context is done, the pool is closed.
    ///
    /// # Cancel safety
    /// Dropping the future drops the job, if it waits for room still.
    pub async fn submit<F, W, T>(&self, cx: &Context, job: F) -> Result<JobHandle<T>, Refused<F>>
    where
        F: FnOnce(Context) -> W + Send + 'static,
        W: Future<Output = Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        let waits = match self.shared.overflow {
            Overflow::Wait => true,
            Overflow::Reject => false,
            Overflow::WaitUntilDeadline => cx.deadline().is_some(),
        };
        let place = match cx.check() {
            Err(stopped) => Err(stopped),
            Ok(()) if !waits => self.shared.try_place(),
            Ok(()) => match cx.run(self.shared.queue.place()).await {
                Ok(place) => place.map_err(|Closed| closed()),
                Err(stopped) => Err(stopped),
            },
        };
        self.shared.put(place, cx, job)
    }

    /// Gives `job` to the pool if there is room now, whatever its [`Overflow`] says.
    ///
    /// # Errors
    /// As [`WorkerPool::submit`].
    pub fn try_submit<F, W, T>(&self, cx: &Context, job: F) -> Result<JobHandle<T>, Refused<F>>
    where
        F: FnOnce(Context) -> W + Send + 'static,
        W: Future<Output = Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        let place = cx.check().and_then(|()| self.shared.try_place());
        self.shared.put(place, cx, job)
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.shared.name
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }
}

impl Shared {
    fn try_place(&self) -> Result<Place<'_, Box<dyn Work>>> {
        self.queue.try_place().map_err(|full| match full {
            Full::Full => {
                Rejection::new(RejectKind::AtCapacity, "worker_pool", self.name.clone()).into()
            }
            Full::Closed => closed(),
        })
    }

    fn put<F, W, T>(
        &self,
        place: Result<Place<'_, Box<dyn Work>>>,
        cx: &Context,
        job: F,
    ) -> Result<JobHandle<T>, Refused<F>>
    where
        F: FnOnce(Context) -> W + Send + 'static,
        W: Future<Output = Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        let (job, error) = match place {
            Ok(place) => {
                let (job, handle) = Job::new(cx, job);
                match place.open() {
                    Ok(slot) => {
                        slot.put(Box::new(job));
                        return Ok(handle);
                    }
                    Err(Closed) => (job.into_inner(), closed()),
                }
            }
            Err(error) => (job, error),
        };
        count(&self.stats.rejected);
        Err(Refused::new(job, error))
    }

    pub(super) fn running(&self) -> usize {
        self.desks.iter().filter(|desk| desk.is_busy()).count()
    }
}

fn closed() -> Error {
    Error::new(Code::Unavailable, "worker.closed")
}

impl Inspect for Shared {
    fn kind(&self) -> &'static str {
        "worker_pool"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a pool has at most 2^24 workers and places"
    )]
    fn snapshot(&self) -> Snapshot {
        let gauge = Metric::gauge;
        self.stats
            .report(Snapshot::new())
            .with(gauge(
                "worker.queued",
                "jobs that wait",
                self.queue.len() as f64,
            ))
            .with(gauge(
                "worker.running",
                "jobs at work",
                self.running() as f64,
            ))
            .with(gauge("worker.size", "workers", self.desks.len() as f64))
    }
}

impl fmt::Debug for WorkerPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerPool")
            .field("name", &self.shared.name)
            .field("overflow", &self.shared.overflow)
            .field("queued", &self.shared.queue.len())
            .field("running", &self.shared.running())
            .finish_non_exhaustive()
    }
}
