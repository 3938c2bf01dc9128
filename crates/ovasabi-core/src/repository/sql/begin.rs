//! The way into and out of a transaction, each on a task that outlives its caller.
//!
//! A future may be dropped at any await. A `BEGIN` that was sent and not waited for leaves the connection in
//! a transaction, and whoever gets it next writes into a unit of work that nobody commits (sqlx#4385). So
//! each end of a transaction runs as our own statement, on a task of the database that owns the connection:
//! when the caller has gone, the task rolls back, or closes a connection that it cannot bring to rest.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sqlx::Sqlite;
use sqlx::error::DatabaseError;
use sqlx::pool::PoolConnection;
use tokio::sync::oneshot;

use super::stats::count;
use super::unit::Hook;
use super::{Db, DbError, DbErrorKind, UnitOfWork};
use crate::{Context, Error, Result};

/// A connection that is, or may be, in a transaction. Dropped in that state it is rolled back first.
pub(super) struct OpenTx {
    conn: Option<PoolConnection<Sqlite>>,
    db: Db,
}

const TAKEN: &str = "the connection is taken only by those that consume the transaction";

impl OpenTx {
    pub(super) fn connection(&mut self) -> &mut sqlx::SqliteConnection {
        self.conn.as_mut().expect(TAKEN)
    }

    pub(super) fn db(&self) -> &Db {
        &self.db
    }

    fn take(mut self) -> (PoolConnection<Sqlite>, Db) {
        (self.conn.take().expect(TAKEN), self.db.clone())
    }
}

impl Drop for OpenTx {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            let db = self.db.clone();
            self.db.spawn(async move { roll_back(&db, conn).await });
        }
    }
}

pub(super) async fn begin(
    db: &Db,
    mut conn: PoolConnection<Sqlite>,
    cx: &Context,
) -> Result<UnitOfWork> {
    let (answer, answered) = oneshot::channel();
    let owner = db.clone();
    db.spawn(async move {
        // IMMEDIATE: a deferred transaction that turns into a writer later is refused at once when
        // another one writes, whatever the busy timeout.
        let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await;
        let outcome = begun.map(|_| OpenTx {
            conn: Some(conn),
            db: owner,
        });
        // A caller that has gone gives the transaction back here, or drops it unread: both roll back.
        drop(answer.send(outcome));
    });
    let begun = cx.run(answered).await?.map_err(|_gone| task_died())?;
    let tx = begun.map_err(DbError::of_writer)?;
    Ok(UnitOfWork::new(tx))
}

pub(super) async fn commit(tx: OpenTx, hooks: Vec<Hook>, cx: &Context) -> Result<()> {
    let (answer, answered) = oneshot::channel();
    let (mut conn, db) = tx.take();
    let owner = db.clone();
    let own = cx.clone();
    db.spawn(async move {
        let outcome = match sqlx::query("COMMIT").execute(&mut *conn).await {
            Ok(_) => {
                count(&owner.ends().commits);
                // Lent again before the hooks: one that is slow must not hold up the next writer.
                drop(conn);
                run_hooks(&owner, hooks, &own);
                Ok(())
            }
            Err(error) => Err(failed_commit(&owner, conn, error).await),
        };
        drop(answer.send(outcome));
    });
    match cx.run(answered).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_gone)) => Err(unknown(&db, "the task that committed has died")),
        Err(stopped) => Err(unknown(&db, stopped)),
    }
}

pub(super) async fn rollback(tx: OpenTx) {
    let (answer, answered) = oneshot::channel::<()>();
    let (conn, db) = tx.take();
    let owner = db.clone();
    db.spawn(async move {
        roll_back(&owner, conn).await;
        drop(answer);
    });
    // An error here is the answer: the task has dropped its end.
    drop(answered.await);
}

async fn roll_back(db: &Db, mut conn: PoolConnection<Sqlite>) {
    count(&db.ends().rollbacks);
    if let Err(error) = sqlx::query("ROLLBACK").execute(&mut *conn).await {
        // In a state that nobody knows: a new connection costs less than a poisoned one.
        tracing::warn!(target: "ovasabi::db", db = %db.name(), %error, "closing a connection that cannot roll back");
        drop(conn.close().await);
    }
}

/// Whether a failed `COMMIT` may have happened all the same.
async fn failed_commit(db: &Db, conn: PoolConnection<Sqlite>, error: sqlx::Error) -> Error {
    let is_known = error.as_database_error().is_some_and(refused);
    roll_back(db, conn).await;
    if is_known {
        DbError::of_writer(error).into()
    } else {
        unknown(db, error)
    }
}

/// Result codes with which SQLite says that it did not commit: busy, locked, read-only, full, constraint
/// (a deferred foreign key, a commit hook). After others, such as an I/O error while syncing, the
/// write-ahead log may hold the commit already.
fn refused(error: &dyn DatabaseError) -> bool {
    let code = error
        .code()
        .and_then(|code| code.parse::<u32>().ok())
        .unwrap_or(0);
    matches!(code & 0xff, 5 | 6 | 8 | 13 | 19)
}

fn unknown(db: &Db, cause: impl Into<crate::error::BoxError>) -> Error {
    count(&db.ends().unknown);
    DbError::new(DbErrorKind::CommitUnknown)
        .source(cause)
        .into()
}

fn task_died() -> Error {
    Error::internal("the task that began the transaction has died")
}

fn run_hooks(db: &Db, hooks: Vec<Hook>, cx: &Context) {
    for hook in hooks {
        // Each by itself: the transaction is committed, and the others have their own business.
        let hook = || cx.scope_sync(|| hook(cx));
        if catch_unwind(AssertUnwindSafe(hook)).is_err() {
            count(&db.ends().hook_panics);
            tracing::error!(target: "ovasabi::db", db = %db.name(), "an after-commit hook panicked");
        }
    }
}
