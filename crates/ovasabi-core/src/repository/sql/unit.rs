//! The unit of work.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::mpsc;

use sqlx::SqliteConnection;

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
    hooks: Vec<Hook>,
    savepoints: u32,
    /// A savepoint was left without an answer: what is in it is neither wanted nor undone.
    is_doomed: bool,
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
    /// lose the others. They must not block.
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
        let hooks = self.hooks.len();
        Ok(Savepoint {
            unit: self,
            name,
            hooks,
            is_open: true,
        })
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

    async fn run(&mut self, sql: String) -> Result<()> {
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

/// A part of a unit of work that can be undone by itself; it derefs to the unit, and may be nested.
///
/// Dropped without [`release`](Savepoint::release) or [`rollback`](Savepoint::rollback), by a `?` or a
/// cancelled future, it dooms the whole unit: nothing can be awaited in a drop, and a half must not commit.
#[must_use = "a savepoint that is dropped dooms its unit of work"]
pub struct Savepoint<'a> {
    unit: &'a mut UnitOfWork,
    name: u32,
    hooks: usize,
    is_open: bool,
}

impl Savepoint<'_> {
    /// Keeps what was done since; it is committed with the unit.
    ///
    /// # Errors
    /// What the database says; the unit is then doomed.
    ///
    /// # Cancel safety
    /// Dropping the future dooms the unit.
    pub async fn release(mut self) -> Result<()> {
        let name = self.name;
        self.unit.run(format!("RELEASE s{name}")).await?;
        self.is_open = false;
        Ok(())
    }

    /// Undoes what was done since, its hooks too; the unit goes on.
    ///
    /// # Errors
    /// What the database says; the unit is then doomed.
    ///
    /// # Cancel safety
    /// Dropping the future dooms the unit.
    pub async fn rollback(mut self) -> Result<()> {
        let name = self.name;
        self.unit
            .run(format!("ROLLBACK TO s{name}; RELEASE s{name}"))
            .await?;
        let hooks = self.hooks;
        self.unit.hooks.truncate(hooks);
        self.is_open = false;
        Ok(())
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        self.unit.is_doomed |= self.is_open;
    }
}

impl Deref for Savepoint<'_> {
    type Target = UnitOfWork;

    fn deref(&self) -> &UnitOfWork {
        self.unit
    }
}

impl DerefMut for Savepoint<'_> {
    fn deref_mut(&mut self) -> &mut UnitOfWork {
        self.unit
    }
}

impl fmt::Debug for Savepoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Savepoint")
            .field("name", &self.name)
            .field("unit", &self.unit)
            .finish_non_exhaustive()
    }
}

/// A [`UnitOfWork`] that goes back to [`Db::with_tx`](super::Db::with_tx) on drop; it derefs to the unit.
#[must_use = "the unit of work goes back when this is dropped"]
pub struct Lent {
    unit: Option<UnitOfWork>,
    home: mpsc::SyncSender<UnitOfWork>,
}

const LENT: &str = "the unit is taken in drop alone";

impl Lent {
    pub(super) fn new(unit: UnitOfWork, home: mpsc::SyncSender<UnitOfWork>) -> Self {
        Self {
            unit: Some(unit),
            home,
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(unit) = self.unit.take() {
            // Room for one is always free; with nobody at home any more the unit is dropped: rolled back.
            drop(self.home.try_send(unit));
        }
    }
}

impl Deref for Lent {
    type Target = UnitOfWork;

    fn deref(&self) -> &UnitOfWork {
        self.unit.as_ref().expect(LENT)
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut UnitOfWork {
        self.unit.as_mut().expect(LENT)
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lent").field(&self.unit).finish()
    }
}
