//! The migrations that an application brings.

use crate::{Code, Error, Result};

/// The statements that bring a database to the shape its code expects: (version, name, SQL), in ascending
/// order, embedded with `include_str!`.
///
/// * All that are missing run in one transaction: all or none, and of two processes that start at once one
///   does the work and the other finds it done.
/// * A migration that was applied must not change: its checksum is kept, and a difference is refused by
///   name. Line ends do not count.
/// * A database that is ahead of the code is refused, unless [`Migrations::allow_newer`] is set.
///
/// Foreign keys are checked at the end of the transaction, so that tables can be rebuilt. `VACUUM` and
/// anything else that cannot run in a transaction does not belong here.
///
/// ```
/// use ovasabi_core::Context;
/// use ovasabi_core::repository::{Db, Migrations};
///
/// const MIGRATIONS: Migrations = Migrations::new(&[
///     (1, "create users", "CREATE TABLE users (id BLOB PRIMARY KEY, email TEXT NOT NULL UNIQUE)"),
///     (2, "users have names", "ALTER TABLE users ADD COLUMN name TEXT NOT NULL DEFAULT ''"),
/// ]);
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> ovasabi_core::Result<()> {
/// let cx = Context::background();
/// let db = Db::temporary()?.open().await?;
/// assert_eq!(db.migrate(&cx, &MIGRATIONS).await?.applied(), [1, 2]);
/// assert!(db.migrate(&cx, &MIGRATIONS).await?.applied().is_empty());
///
/// const EDITED: Migrations = Migrations::new(&[(1, "create users", "CREATE TABLE users (id INTEGER)")]);
/// let refused = db.migrate(&cx, &EDITED.allow_newer()).await.unwrap_err();
/// assert_eq!(refused.reason(), "db.migration_changed");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    pub(super) set: &'static str,
    pub(super) list: &'static [(i64, &'static str, &'static str)],
    pub(super) allow_newer: bool,
}

/// What [`Db::migrate`](super::Db::migrate) did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    pub(super) applied: Vec<i64>,
}

impl Migrations {
    /// Migrations by version, name and SQL. They are checked when they run.
    #[must_use]
    pub const fn new(list: &'static [(i64, &'static str, &'static str)]) -> Self {
        Self {
            set: "main",
            list,
            allow_newer: false,
        }
    }

    /// Which set they belong to; default `main`. Sets of one database are independent: a library brings its
    /// own beside the application's.
    #[must_use]
    pub const fn set(mut self, set: &'static str) -> Self {
        self.set = set;
        self
    }

    /// Accepts a database in which later versions than the last one known here were applied: what an old
    /// release finds when it is started again beside a new one.
    #[must_use]
    pub const fn allow_newer(mut self) -> Self {
        self.allow_newer = true;
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        let mut error = Error::new(Code::InvalidArgument, "db.migrations");
        let mut last = 0;
        for (version, name, _) in self.list {
            if *version <= last {
                let detail =
                    format!("{version} follows {last}, expected ascending versions above 0");
                error = error.violation(*name, "ascending", detail);
            }
            last = *version;
        }
        if error.violations().is_empty() {
            Ok(())
        } else {
            Err(error)
        }
    }
}

impl Migrated {
    /// The versions that were applied now, in order; empty when there was nothing to do.
    #[must_use]
    pub fn applied(&self) -> &[i64] {
        &self.applied
    }
}
