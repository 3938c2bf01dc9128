//! The unit of work.

use std::fmt;

use sqlx::SqliteConnection;

use super::Savepoint;
use super::begin::{self, OpenTx};
use crate::{Code, Context, Error, Result};

pub(super) type Hook = Box<dyn FnOnce(&Context) + Send>;

/// A transaction: all or nothing. Made by [`Db::begin`](super::Db::begin), or lent by
/// [`Db::with_tx`](super::Db::with_tx).
///
/// Dropped without a commit it is rolled back, before its connection is lent again.
#[must_use = "a unit of work that is dropped is rolled back"]
pub struct UnitOfWork {
    tx: OpenTx,
    pub(super) hooks: Vec<Hook>,
    savepoints: u32,
    /// A savepoint was left without an answer: what is in it is neither wanted nor undone.
    pub(super) is_doomed: bool,
}

impl UnitOfWork {
    pub(super) fn new(tx: OpenTx) -> Self {
        Self {
            tx,
            hooks: Vec::new(),
            savepoints: 0,
            is_doomed: false,
        }
    }

    /// What `sqlx` runs statements on.
    ///
    /// `BEGIN`, `COMMIT` and `ROLLBACK` belong to the unit of work; one that sends them itself loses its
    /// guarantees.
    pub fn connection(&mut self) -> &mut SqliteConnection {
        self.tx.connection()
    }

    /// Calls `hook` after the commit, once, and never when there is none. Hooks run in order, before
    /// [`commit`](UnitOfWork::commit) returns and even when its caller has gone; a panic in one does not
    /// lose the others. They run in the context and the span of the commit, and must not block.
    pub fn on_commit(&mut self, hook: impl FnOnce(&Context) + Send + 'static) {
        self.hooks.push(Box::new(hook));
    }

    /// Begins a part that can be undone by itself.
    ///
    /// # Errors
    /// What the database says.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing to undo.
    pub async fn savepoint(&mut self) -> Result<Savepoint<'_>> {
        self.savepoints += 1;
        let name = self.savepoints;
        self.run(format!("SAVEPOINT s{name}")).await?;
        Ok(Savepoint::new(self, name))
    }

    /// Commits.
    ///
    /// # Errors
    /// The context's cause when it is done before the commit is sent, and `FailedPrecondition` when a
    /// [`Savepoint`] was dropped without an answer: both roll back.
    /// [`DbErrorKind::CommitUnknown`](super::DbErrorKind::CommitUnknown) when the commit was sent and the
    /// context ended, or the connection broke, before the answer.
    ///
    /// # Cancel safety
    /// Once polled, the commit goes on and the hooks run, even if the future is dropped.
    pub async fn commit(self, cx: &Context) -> Result<()> {
        if let Err(stopped) = cx.check() {
            self.rollback().await;
            return Err(stopped);
        }
        if self.is_doomed {
            self.rollback().await;
            let detail = "a savepoint was neither released nor rolled back";
            return Err(Error::new(Code::FailedPrecondition, "db.savepoint_lost").caused_by(detail));
        }
        begin::commit(self.tx, self.hooks, cx).await
    }

    /// Rolls back, and waits until the connection is at rest. No hook runs.
    ///
    /// # Cancel safety
    /// Once polled, the rollback goes on even if the future is dropped.
    pub async fn rollback(self) {
        begin::rollback(self.tx).await;
    }

    pub(super) async fn run(&mut self, sql: String) -> Result<()> {
        // Safe: made of our own words and a number.
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(self.connection())
            .await?;
        Ok(())
    }
}

impl fmt::Debug for UnitOfWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnitOfWork")
            .field("db", self.tx.db().name())
            .field("hooks", &self.hooks.len())
            .field("is_doomed", &self.is_doomed)
            .finish_non_exhaustive()
    }
}
