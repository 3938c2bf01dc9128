//! SQLite through `sqlx`.

mod begin;
mod config;
mod conn;
mod db;
mod error;
mod migrate;
mod stats;
mod temporary;
mod unit;

pub use config::{DbBuilder, Durability};
pub use conn::Conn;
pub use db::Db;
pub use error::{DbError, DbErrorKind};
pub use migrate::{Migrated, Migrations};
pub use stats::PoolState;
pub use unit::{Lent, Savepoint, UnitOfWork};
