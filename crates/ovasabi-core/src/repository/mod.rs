//! Data that outlives the process: repositories, and SQLite with a unit of work that survives dropped futures.
//!
//! [`Repository`] is what a service asks for: find, insert, update with a version, delete, one [`Page`] after
//! the other. [`MemoryRepository`] is the one for tests; those over SQL are written with a [`Db`].
//!
//! A handler is dropped when its client hangs up, at whatever await it stands. A pool that lends raw
//! transactions then lends a connection that is still inside one. [`Db`] never does:
//!
//! * **one connection writes**, several read. Writers queue in the process and begin with `BEGIN IMMEDIATE`,
//!   so that SQLite's "database is locked" is left to other processes;
//! * `BEGIN`, `COMMIT` and `ROLLBACK` run on tasks of the database. Whoever goes away, the connection is at
//!   rest before it is lent again;
//! * waiting for a connection ends with the [`Context`](crate::Context)'s deadline, and says what the pool
//!   looked like;
//! * errors come in [kinds](DbErrorKind); what the database said stays private.
//!
//! ```
//! use ovasabi_core::repository::{Db, DbError, Migrations};
//! use ovasabi_core::{Code, Context, Result};
//!
//! const MIGRATIONS: Migrations = Migrations::new(&[
//!     (1, "create users", "CREATE TABLE users (email TEXT PRIMARY KEY) WITHOUT ROWID"),
//! ]);
//!
//! async fn register(db: &Db, cx: &Context, email: &str) -> Result<()> {
//!     db.with_tx(cx, async |mut uow| {
//!         let insert = sqlx::query("INSERT INTO users (email) VALUES (?)").bind(email);
//!         insert.execute(uow.connection()).await?;
//!         Ok(())
//!     })
//!     .await
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<()> {
//! let cx = Context::background();
//! let db = Db::temporary()?.open().await?;
//! db.migrate(&cx, &MIGRATIONS).await?;
//!
//! register(&db, &cx, "ada@example.org").await?;
//! let refused = register(&db, &cx, "ada@example.org").await.unwrap_err();
//! assert_eq!(refused.code(), Code::AlreadyExists);
//! assert_eq!(DbError::find(&refused).and_then(DbError::constraint), Some("users.email"));
//!
//! let mut conn = db.read(&cx).await?;
//! let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(conn.connection()).await?;
//! assert_eq!(users, 1);
//! # Ok(())
//! # }
//! ```
//!
//! **In deployment**: a unit of work that waits for a remote service stops all writers; do that before or
//! after it. The file must lie on a local disk: write-ahead mode does not work over a network file system.
//! In tests with paused time the clock jumps to the next timer while SQLite works on its own thread: give
//! such tests real time.
//!
//! Source: sqlx#4385 and #4393 (poisoned connections), sqlx#459 (busy writers);
//! <https://sqlite.org/wal.html>.

mod cursor;
mod entity;
mod id;
mod memory;
pub mod outbox;
mod page;
mod sql;
pub(crate) mod stored;

pub use cursor::Cursor;
pub use entity::{Entity, Repository, already_exists, not_found, version_conflict};
pub use id::new_id;
pub use memory::MemoryRepository;
pub use page::{Page, PageRequest};
pub use sql::{
    Conn, Db, DbBuilder, DbError, DbErrorKind, Durability, Lent, Migrated, Migrations, PoolState,
    Savepoint, UnitOfWork,
};
/// What [`new_id`] gives.
pub use uuid::Uuid;

/// The examples of the guide are compiled and run; they use all three rooms of data.
#[cfg(all(doctest, feature = "cache", feature = "worker"))]
#[doc = include_str!("../../../../docs/data.md")]
struct Guide;
