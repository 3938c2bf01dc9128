//! How a database is opened.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::Db;
use super::temporary::TempDir;
use crate::inspect::Registry;
use crate::reject::Name;
use crate::{Code, Error, Result};

/// What a commit survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// A loss of power: each commit waits for the disk. The default.
    #[default]
    Full,
    /// A crash of the process. A loss of power may take the last commits, and never damages the file.
    Normal,
}

/// Opens a [`Db`]. Made by [`Db::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it opens the database"]
pub struct DbBuilder {
    pub(super) path: PathBuf,
    pub(super) name: Name,
    pub(super) temporary: Option<TempDir>,
    pub(super) registry: Option<Registry>,
    readers: u32,
    busy_timeout: Duration,
    pub(super) acquire_timeout: Duration,
    durability: Durability,
    create: bool,
}

/// More readers than this only compete for the page cache.
const MAX_READERS: u32 = 256;

/// For opening a connection, at least. How long callers wait is ours to say, so that neither opening nor
/// waiting is cut short by the pool.
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);

/// SQLite counts in milliseconds; anything below is no waiting at all, and 2^31 of them are a panic in `sqlx`.
const BUSY_TIMEOUTS: RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_secs(24 * 60 * 60);

/// Lets our own timeout come first, which says what the pool looks like.
const MARGIN: Duration = Duration::from_secs(1);

/// Longer waits are for ever, and the pool adds its timeout to the clock, which must not overflow.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl DbBuilder {
    pub(super) fn new(path: PathBuf) -> Self {
        let name = path.file_stem().map_or_else(
            || "db".to_owned(),
            |stem| stem.to_string_lossy().into_owned(),
        );
        Self {
            path,
            name: name.into(),
            temporary: None,
            registry: None,
            readers: 4,
            busy_timeout: Duration::from_secs(5),
            acquire_timeout: Duration::from_secs(5),
            durability: Durability::default(),
            create: true,
        }
    }

    /// What it is called in metrics and errors. Default: the file's name without its extension.
    pub fn name(mut self, name: impl Into<Name>) -> Self {
        self.name = name.into();
        self
    }

    /// How many connections read at once, 1 to 256; default 4. There is always exactly one that writes.
    pub fn readers(mut self, readers: u32) -> Self {
        self.readers = readers;
        self
    }

    /// How long SQLite waits for a writer in another process, 1 ms to 24 h, in whole milliseconds; default 5 s.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// How long a caller without a deadline waits for a connection, above zero; default 5 s. A caller's
    /// deadline ends its wait earlier.
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// What a commit survives; default [`Durability::Full`].
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Refuses to open a file that is not there. Default: it is made.
    pub fn must_exist(mut self) -> Self {
        self.create = false;
        self
    }

    /// Lets the database join `registry`.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Opens the file, in write-ahead mode, with foreign keys checked.
    ///
    /// Must be called on a tokio runtime, which from then on runs the commits and rollbacks that outlive
    /// their callers.
    ///
    /// # Errors
    /// `InvalidArgument` with one violation for each knob out of range; `AlreadyExists` when the name is
    /// taken in the registry; else what SQLite says about the file.
    pub async fn open(self) -> Result<Db> {
        self.check()?;
        // The writer is first: it makes the file and switches it to write-ahead mode.
        let writer = self.pool(1, self.options()).await?;
        let readers = self.options().read_only(false).pragma("query_only", "ON");
        let readers = self.pool(self.readers, readers).await?;
        Db::assemble(self, writer, readers)
    }

    async fn pool(&self, size: u32, options: SqliteConnectOptions) -> Result<SqlitePool> {
        let pool = SqlitePoolOptions::new()
            .max_connections(size)
            .acquire_timeout(self.acquire_timeout.clamp(OPEN_TIMEOUT, FOR_EVER) + MARGIN)
            // A file does not go away as a server does: no ping on the hot path, no reconnecting by age.
            .test_before_acquire(false)
            .max_lifetime(None)
            .idle_timeout(None)
            .connect_with(options)
            .await?;
        Ok(pool)
    }

    fn options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(self.create)
            .journal_mode(SqliteJournalMode::Wal)
            .foreign_keys(true)
            .busy_timeout(self.busy_timeout)
            .synchronous(match self.durability {
                Durability::Full => SqliteSynchronous::Full,
                Durability::Normal => SqliteSynchronous::Normal,
            })
    }

    fn check(&self) -> Result<()> {
        let mut error = Error::new(Code::InvalidArgument, "db.config");
        if !(1..=MAX_READERS).contains(&self.readers) {
            let allowed = format!(
                "`{}` is not allowed, expected 1 to {MAX_READERS}",
                self.readers
            );
            error = error.violation("readers", "range", allowed);
        }
        if !BUSY_TIMEOUTS.contains(&self.busy_timeout) {
            let detail = format!(
                "`{:?}` is not allowed, expected 1ms to 24h",
                self.busy_timeout
            );
            error = error.violation("busy_timeout", "range", detail);
        }
        if self.acquire_timeout.is_zero() {
            let detail = format!(
                "`{:?}` is not allowed, expected more than zero",
                self.acquire_timeout
            );
            error = error.violation("acquire_timeout", "range", detail);
        }
        if error.violations().is_empty() {
            Ok(())
        } else {
            Err(error)
        }
    }
}
