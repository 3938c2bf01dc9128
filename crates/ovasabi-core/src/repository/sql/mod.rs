//! SQLite through `sqlx`.

mod begin;
mod config;
mod conn;
mod db;
mod error;
mod lent;
mod migrate;
mod migrations;
mod savepoint;
mod stats;
mod temporary;
mod unit;
mod with_tx;

pub use config::{DbBuilder, Durability};
pub use conn::Conn;
pub use db::Db;
pub use error::{DbError, DbErrorKind};
pub use lent::Lent;
pub use migrations::{Migrated, Migrations};
pub use savepoint::Savepoint;
pub use stats::PoolState;
pub use unit::UnitOfWork;
