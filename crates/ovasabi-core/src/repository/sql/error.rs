//! What can go wrong with a database, in kinds that a caller can act on.

use std::fmt;
use std::time::Duration;

use sqlx::error::{DatabaseError, ErrorKind};

use super::stats::PoolState;
use crate::error::BoxError;
use crate::{Code, Error};

/// The private cause of an [`Error`] that comes from a database: for decisions and logs, never for clients.
///
/// ```
/// use ovasabi_core::{Code, Error};
/// use ovasabi_core::repository::{DbError, DbErrorKind};
///
/// let error = Error::from(sqlx::Error::PoolClosed);
/// assert_eq!(error.code(), Code::Unavailable);
/// assert_eq!(DbError::find(&error).map(DbError::kind), Some(DbErrorKind::Closed));
/// ```
#[derive(Debug)]
pub struct DbError {
    kind: DbErrorKind,
    constraint: Option<String>,
    pool: Option<PoolState>,
    source: Option<BoxError>,
}

/// The kinds of [`DbError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DbErrorKind {
    /// A query that must find a row found none. `NotFound`.
    NotFound,
    /// A row with this key is there already. `AlreadyExists`.
    Unique,
    /// A row that is pointed to is missing, or one that is pointed at would go. `FailedPrecondition`.
    ForeignKey,
    /// A `CHECK` says no. `FailedPrecondition`.
    Check,
    /// A value is missing. `FailedPrecondition`.
    NotNull,
    /// Another writer holds the database longer than the busy timeout. `Unavailable`, nothing is changed.
    Busy,
    /// No connection came free within the acquire timeout. `Unavailable`.
    PoolTimeout,
    /// The [`Db`](super::Db) is closed. `Unavailable`.
    Closed,
    /// A write on a connection for reading: a bug of the caller. `Internal`.
    ReadOnly,
    /// The database takes no writes now: its disk is mounted for reading, or its file is. `Unavailable`, nothing is changed.
    Frozen,
    /// The disk is full. `Unavailable`.
    Full,
    /// The file is damaged, or no database. `DataLoss`.
    Corrupt,
    /// The commit was sent and nobody knows whether it happened. `Unknown`; must not be retried blindly.
    CommitUnknown,
    /// The file or the connection failed. `Unavailable`.
    Io,
    /// A wrong statement, a value of the wrong type, and all else. `Internal`.
    Other,
}

impl DbErrorKind {
    const fn code(self) -> Code {
        match self {
            Self::NotFound => Code::NotFound,
            Self::Unique => Code::AlreadyExists,
            Self::ForeignKey | Self::Check | Self::NotNull => Code::FailedPrecondition,
            Self::Busy
            | Self::PoolTimeout
            | Self::Closed
            | Self::Frozen
            | Self::Full
            | Self::Io => Code::Unavailable,
            Self::Corrupt => Code::DataLoss,
            Self::CommitUnknown => Code::Unknown,
            Self::ReadOnly | Self::Other => Code::Internal,
        }
    }

    /// The stable machine reason of the [`Error`], such as `db.unique`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "db.not_found",
            Self::Unique => "db.unique",
            Self::ForeignKey => "db.foreign_key",
            Self::Check => "db.check",
            Self::NotNull => "db.not_null",
            Self::Busy => "db.busy",
            Self::PoolTimeout => "db.pool_timeout",
            Self::Closed => "db.closed",
            Self::ReadOnly => "db.read_only",
            Self::Frozen => "db.frozen",
            Self::Full => "db.full",
            Self::Corrupt => "db.corrupt",
            Self::CommitUnknown => "db.commit_unknown",
            Self::Io => "db.io",
            Self::Other => "db.failed",
        }
    }
}

/// When a caller may come back, whose call the database could not take: it has waited for its own timeouts by then.
const COME_BACK: Duration = Duration::from_secs(1);

impl DbError {
    /// What ended a transaction of the writer, whose file takes no writes where a reader has only asked the wrong
    /// connection.
    pub(super) fn of_writer(error: sqlx::Error) -> Self {
        let error = Self::from(error);
        match error.kind {
            DbErrorKind::ReadOnly => Self {
                kind: DbErrorKind::Frozen,
                ..error
            },
            _ => error,
        }
    }

    pub(super) fn new(kind: DbErrorKind) -> Self {
        Self {
            kind,
            constraint: None,
            pool: None,
            source: None,
        }
    }

    pub(super) fn pool(mut self, state: PoolState) -> Self {
        self.pool = Some(state);
        self
    }

    pub(super) fn source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The database's part in `error`, wherever it is in the chain of causes.
    #[must_use]
    pub fn find(error: &Error) -> Option<&Self> {
        let first = std::error::Error::source(error);
        std::iter::successors(first, |error| error.source()).find_map(|error| error.downcast_ref())
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> DbErrorKind {
        self.kind
    }

    /// Which constraint said no, as the database names it: for SQLite `users.email` of a unique column, or
    /// the name of a `CHECK`; `None` for foreign keys, which it does not name.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.constraint.as_deref()
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.reason())?;
        if let Some(constraint) = &self.constraint {
            write!(f, " on {constraint}")?;
        }
        match &self.pool {
            Some(pool) => write!(f, ": {pool}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for DbError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<DbError> for Error {
    fn from(cause: DbError) -> Self {
        let error = Self::new(cause.kind.code(), cause.kind.reason());
        let error = match cause.kind {
            DbErrorKind::CommitUnknown => error.retryable(false),
            kind if kind.code() == Code::Unavailable => error.retry_after(COME_BACK),
            _ => error,
        };
        error.caused_by(cause)
    }
}

/// The message of the database is the private cause; only the kind is public.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        DbError::from(error).into()
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        let (kind, constraint) = classify(&error);
        Self {
            kind,
            constraint,
            pool: None,
            source: Some(error.into()),
        }
    }
}

fn classify(error: &sqlx::Error) -> (DbErrorKind, Option<String>) {
    let kind = match error {
        sqlx::Error::RowNotFound => DbErrorKind::NotFound,
        sqlx::Error::PoolTimedOut => DbErrorKind::PoolTimeout,
        sqlx::Error::PoolClosed => DbErrorKind::Closed,
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => DbErrorKind::Io,
        sqlx::Error::Database(error) => return classify_database(error.as_ref()),
        _ => DbErrorKind::Other,
    };
    (kind, None)
}

fn classify_database(error: &dyn DatabaseError) -> (DbErrorKind, Option<String>) {
    let kind = match error.kind() {
        ErrorKind::UniqueViolation => DbErrorKind::Unique,
        ErrorKind::ForeignKeyViolation => DbErrorKind::ForeignKey,
        ErrorKind::CheckViolation => DbErrorKind::Check,
        ErrorKind::NotNullViolation => DbErrorKind::NotNull,
        _ => by_result_code(error),
    };
    // SQLite says "UNIQUE constraint failed: users.email" and names no foreign key.
    let constraint = error
        .message()
        .split_once("constraint failed: ")
        .map(|(_, name)| name.to_owned());
    (kind, constraint)
}

/// By the primary result code, which is the low byte of the extended one: <https://sqlite.org/rescode.html>.
fn by_result_code(error: &dyn DatabaseError) -> DbErrorKind {
    let code = error
        .code()
        .and_then(|code| code.parse::<u32>().ok())
        .unwrap_or(0);
    match code & 0xff {
        5 | 6 => DbErrorKind::Busy,
        8 => DbErrorKind::ReadOnly,
        10 | 14 => DbErrorKind::Io,
        11 | 26 => DbErrorKind::Corrupt,
        13 => DbErrorKind::Full,
        // SQLITE_CONSTRAINT without an extended code of its own: triggers, hooks, row ids.
        19 => DbErrorKind::Check,
        _ => DbErrorKind::Other,
    }
}
