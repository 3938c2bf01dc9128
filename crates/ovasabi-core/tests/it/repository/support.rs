//! What the tests of the database share.

use ovasabi_core::repository::{
    Db, DbError, DbErrorKind, Durability, Lent, Migrations, UnitOfWork,
};
use ovasabi_core::{Context, Error, Result};

pub(super) const SCHEMA: Migrations = Migrations::new(&[(
    1,
    "wallets and entries",
    "CREATE TABLE wallets (id TEXT PRIMARY KEY, cents INTEGER NOT NULL CONSTRAINT covered CHECK (cents >= 0));
     CREATE TABLE entries (
         wallet TEXT NOT NULL REFERENCES wallets (id) DEFERRABLE INITIALLY DEFERRED,
         cents INTEGER NOT NULL
     );",
)]);

/// A database with wallets. Commits need not reach the disk: no test pulls the plug.
pub(super) async fn wallets() -> Db {
    let db = Db::temporary()
        .unwrap()
        .durability(Durability::Normal)
        .open()
        .await
        .unwrap();
    db.migrate(&Context::background(), &SCHEMA).await.unwrap();
    db
}

pub(super) async fn put(uow: &mut UnitOfWork, id: &str, cents: i64) -> Result<()> {
    let put = sqlx::query("INSERT INTO wallets (id, cents) VALUES (?, ?)")
        .bind(id.to_owned())
        .bind(cents);
    put.execute(uow.connection()).await?;
    Ok(())
}

pub(super) async fn ids(db: &Db) -> Vec<String> {
    let mut conn = db.read(&Context::background()).await.unwrap();
    sqlx::query_scalar("SELECT id FROM wallets ORDER BY id")
        .fetch_all(conn.connection())
        .await
        .unwrap()
}

/// The one connection that writes must be at rest: SQLite refuses to begin twice.
pub(super) async fn assert_writer_is_usable(db: &Db, id: &str) {
    let cx = Context::background();
    db.with_tx(&cx, async |mut uow: Lent| put(&mut uow, id, 1).await)
        .await
        .unwrap();
    assert!(ids(db).await.contains(&id.to_owned()));
}

pub(super) fn kind(error: &Error) -> Option<DbErrorKind> {
    DbError::find(error).map(DbError::kind)
}
