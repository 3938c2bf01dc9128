//! Work in a unit of work.

use std::future::Future;
use std::sync::mpsc;
use std::time::Duration;

use super::stats::count;
use super::{Db, DbError, DbErrorKind, Lent};
use crate::backoff::{Backoff, Exponential};
use crate::{Context, Error, Result};

/// How often a unit of work is run at most by [`Db::with_tx_replay`].
const MAX_RUNS: u32 = 5;

impl Db {
    /// Runs `work` in a unit of work, and commits when it is `Ok`. Runs it once.
    ///
    /// The unit is lent by value ([`Lent`]), so that the future is `Send` whatever `work` borrows, and comes
    /// back by itself when `work` drops it. Work that keeps it is an error and is rolled back.
    ///
    /// # Errors
    /// Those of `work`, [`Db::begin`] and [`UnitOfWork::commit`](super::UnitOfWork::commit).
    ///
    /// # Cancel safety
    /// As [`Db::begin`]; once the commit is sent, it goes on.
    ///
    /// # Examples
    /// ```
    /// # use ovasabi_core::{Context, Result};
    /// # use ovasabi_core::repository::Db;
    /// # async fn pay(db: &Db, cx: &Context, from: &str) -> Result<()> {
    /// db.with_tx(cx, async |mut uow| {
    ///     let taken = sqlx::query("UPDATE wallets SET cents = cents - 5 WHERE id = ?").bind(from);
    ///     taken.execute(uow.connection()).await?;
    ///     uow.on_commit(|_| tracing::info!("paid"));
    ///     Ok(())
    /// })
    /// .await
    /// # }
    /// ```
    pub async fn with_tx<T, F, W>(&self, cx: &Context, work: F) -> Result<T>
    where
        F: FnOnce(Lent) -> W,
        W: Future<Output = Result<T>>,
    {
        let unit = self.begin(cx).await?;
        let (home, back) = mpsc::sync_channel(1);
        let outcome = work(Lent::new(unit, home)).await;
        let unit = back.try_recv();
        match (outcome, unit) {
            (Ok(value), Ok(unit)) => unit.commit(cx).await.map(|()| value),
            (Ok(_), Err(_)) => Err(Error::internal(
                "the work kept its unit of work beyond its end",
            )),
            (Err(error), Ok(unit)) => {
                unit.rollback().await;
                Err(error)
            }
            (Err(error), Err(_)) => Err(error),
        }
    }

    /// As [`Db::with_tx`], but runs `work` again, up to 5 times and with jittered pauses, when the database
    /// was busy. For work whose effects are all in the database: anything else happens once for each run.
    ///
    /// # Errors
    /// As [`Db::with_tx`]: those of the last run. [`DbErrorKind::CommitUnknown`] is never run again.
    ///
    /// # Cancel safety
    /// As [`Db::with_tx`].
    pub async fn with_tx_replay<T, F, W>(&self, cx: &Context, mut work: F) -> Result<T>
    where
        F: FnMut(Lent) -> W,
        W: Future<Output = Result<T>>,
    {
        // SQLite has waited for its busy timeout before: the pauses only part those that collided.
        let pauses = Exponential::new(Duration::from_millis(5), Duration::from_millis(200));
        let mut runs = 1;
        loop {
            let error = match self.with_tx(cx, &mut work).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let is_busy =
                DbError::find(&error).is_some_and(|cause| cause.kind() == DbErrorKind::Busy);
            if !is_busy || runs >= MAX_RUNS {
                return Err(error);
            }
            count(&self.ends().replays);
            let pause = pauses.delay(runs, self.random().next_u64());
            if cx.run(tokio::time::sleep(pause)).await.is_err() {
                return Err(error);
            }
            runs += 1;
        }
    }
}
