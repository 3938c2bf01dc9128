//! The database handle.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqlitePool};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing::Instrument;

use super::begin::begin;
use super::stats::{Ends, Lane};
use super::temporary::TempDir;
use super::{Conn, DbBuilder, DbError, DbErrorKind, UnitOfWork};
use crate::backoff::Random;
use crate::inspect::{Inspect, Inspected, Snapshot};
use crate::reject::Name;
use crate::{Code, Context, Error, Result};

/// One SQLite file: one connection that writes, several that read. See the [module](crate::repository).
///
/// Clones share the connections and the counts.
#[derive(Clone)]
pub struct Db {
    shared: Arc<Inspected<Shared>>,
}

pub(super) struct Shared {
    name: Name,
    acquire_timeout: Duration,
    writer: Lane,
    readers: Lane,
    pub(super) ends: Ends,
    random: Random,
    /// Where commits and rollbacks go on when their callers have gone.
    pub(super) runtime: Handle,
    /// Each task of the database holds a receiver, so that closing can wait for all of them.
    tasks: watch::Sender<()>,
    /// Removed after the connections above.
    _temporary: Option<TempDir>,
}

impl Db {
    /// Opens the file at `path` with the defaults of [`DbBuilder`].
    ///
    /// # Errors
    /// As [`DbBuilder::open`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::builder(path).open().await
    }

    /// A builder for the file at `path`.
    pub fn builder(path: impl AsRef<Path>) -> DbBuilder {
        DbBuilder::new(path.as_ref().to_owned())
    }

    /// A builder for a file in a folder of its own, removed with the last clone: what tests use, because an
    /// in-memory database lives in one connection and cannot have readers beside its writer.
    ///
    /// # Errors
    /// `Unavailable` when the folder cannot be made.
    pub fn temporary() -> Result<DbBuilder> {
        let folder = TempDir::create()?;
        let mut builder = DbBuilder::new(folder.path().join("temporary.db"));
        builder.temporary = Some(folder);
        Ok(builder)
    }

    pub(super) fn assemble(
        builder: DbBuilder,
        writer: SqlitePool,
        readers: SqlitePool,
    ) -> Result<Self> {
        let shared = Shared {
            name: builder.name,
            acquire_timeout: builder.acquire_timeout,
            writer: Lane::new(writer, "writer", &[("pool", "writer")]),
            readers: Lane::new(readers, "readers", &[("pool", "readers")]),
            ends: Ends::default(),
            random: Random::new(),
            runtime: Handle::current(),
            tasks: watch::Sender::new(()),
            _temporary: builder.temporary,
        };
        let shared = Arc::new(Inspected::new(shared));
        if let Some(registry) = builder.registry {
            let taken = |taken| Error::new(Code::AlreadyExists, "db.name_taken").caused_by(taken);
            registry.register(&shared).map_err(taken)?;
        }
        Ok(Self { shared })
    }

    /// A connection that reads. A statement that writes fails on it with [`DbErrorKind::ReadOnly`].
    ///
    /// # Errors
    /// The context's cause when it is done first; [`DbErrorKind::PoolTimeout`] with the state of the pool.
    ///
    /// # Cancel safety
    /// Dropping the future gives the place in the queue back.
    pub async fn read(&self, cx: &Context) -> Result<Conn> {
        Ok(Conn::new(self.acquire(&self.shared.readers, cx).await?))
    }

    /// Begins a unit of work on the one connection that writes.
    ///
    /// # Errors
    /// As [`Db::read`], and [`DbErrorKind::Busy`] when another process holds the file longer than the busy
    /// timeout.
    ///
    /// # Cancel safety
    /// Wherever the future is dropped, the connection is not in a transaction when it is lent next.
    pub async fn begin(&self, cx: &Context) -> Result<UnitOfWork> {
        let conn = self.acquire(&self.shared.writer, cx).await?;
        begin(self, conn, cx).await
    }

    /// Closes it: nobody gets a connection any more, those that are lent are waited for, with the commits
    /// and rollbacks under way.
    ///
    /// # Cancel safety
    /// It stays closed; calling it again goes on waiting.
    pub async fn close(&self) {
        self.shared.readers.pool.close().await;
        self.shared.writer.pool.close().await;
        self.shared.tasks.closed().await;
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.shared.name
    }

    /// Runs `work` to its end, whoever goes away, in the span of its caller.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let alive = self.shared.tasks.subscribe();
        // Entered, because a runtime that is gone drops the work here, and what it holds wants a runtime.
        let _entered = self.shared.runtime.enter();
        let task = async move {
            work.await;
            drop(alive);
        };
        self.shared.runtime.spawn(task.in_current_span());
    }

    pub(super) fn random(&self) -> &Random {
        &self.shared.random
    }

    pub(super) fn ends(&self) -> &Ends {
        &self.shared.ends
    }

    async fn acquire(&self, lane: &Lane, cx: &Context) -> Result<PoolConnection<Sqlite>> {
        cx.check()?;
        if let Some(conn) = lane.pool.try_acquire() {
            return Ok(conn);
        }
        let _waiting = lane.wait();
        let wait = tokio::time::timeout(self.shared.acquire_timeout, lane.pool.acquire());
        match cx.run(wait).await {
            Ok(Ok(acquired)) => Ok(acquired?),
            Ok(Err(_elapsed)) => {
                lane.timed_out();
                let cause = DbError::new(DbErrorKind::PoolTimeout).pool(lane.state());
                Err(cause.into())
            }
            Err(stopped) => {
                lane.timed_out();
                Err(stopped.caused_by(DbError::new(DbErrorKind::PoolTimeout).pool(lane.state())))
            }
        }
    }
}

impl Inspect for Shared {
    fn kind(&self) -> &'static str {
        "db"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let snapshot = self.writer.report(Snapshot::new());
        self.ends.report(self.readers.report(snapshot))
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db")
            .field("name", &self.shared.name)
            .field("writer", &self.shared.writer.state())
            .field("readers", &self.shared.readers.state())
            .finish_non_exhaustive()
    }
}
