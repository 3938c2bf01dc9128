//! Migrations: all or none, once, and never another text under an old number.

use ovasabi_core::repository::{Db, Migrations};
use ovasabi_core::{Code, Context, Error};

use super::support::{SCHEMA, ids};

const FIRST: (i64, &str, &str) = (1, "one", "CREATE TABLE one (id INTEGER)");
const SECOND: (i64, &str, &str) = (2, "two", "CREATE TABLE two (id INTEGER)");

const ONE: Migrations = Migrations::new(&[FIRST]);
const BOTH: Migrations = Migrations::new(&[FIRST, SECOND]);

async fn empty() -> Db {
    Db::temporary().unwrap().open().await.unwrap()
}

async fn refused(db: &Db, migrations: &Migrations) -> Error {
    db.migrate(&Context::background(), migrations)
        .await
        .unwrap_err()
}

async fn tables(db: &Db) -> Vec<String> {
    let mut conn = db.read(&Context::background()).await.unwrap();
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    sqlx::query_scalar(sql)
        .fetch_all(conn.connection())
        .await
        .unwrap()
}

#[tokio::test]
async fn only_what_is_missing_is_applied() {
    let (db, cx) = (empty().await, Context::background());
    assert_eq!(db.migrate(&cx, &ONE).await.unwrap().applied(), [1]);
    assert_eq!(db.migrate(&cx, &BOTH).await.unwrap().applied(), [2]);
    assert_eq!(db.migrate(&cx, &BOTH).await.unwrap().applied(), [0; 0]);
}

#[tokio::test]
async fn a_changed_migration_is_refused_by_name() {
    let (db, cx) = (empty().await, Context::background());
    db.migrate(&cx, &ONE).await.unwrap();
    const EDITED: Migrations = Migrations::new(&[(1, "one", "CREATE TABLE one (id TEXT)"), SECOND]);
    let error = refused(&db, &EDITED).await;
    assert_eq!(
        (error.code(), error.reason()),
        (Code::FailedPrecondition, "db.migration_changed")
    );
    assert!(
        format!("{error:?}").contains("migration 1 `one`"),
        "{error:?}"
    );
    assert_eq!(tables(&db).await, ["_migrations", "one"]);
}

#[tokio::test]
async fn line_ends_are_no_change() {
    let (db, cx) = (empty().await, Context::background());
    const UNIX: Migrations = Migrations::new(&[(1, "one", "CREATE TABLE one (\n id INTEGER\n)")]);
    const DOS: Migrations =
        Migrations::new(&[(1, "one", "CREATE TABLE one (\r\n id INTEGER\r\n)")]);
    db.migrate(&cx, &UNIX).await.unwrap();
    assert_eq!(db.migrate(&cx, &DOS).await.unwrap().applied(), [0; 0]);
}

#[tokio::test]
async fn a_database_ahead_of_the_code_is_refused_unless_allowed() {
    let (db, cx) = (empty().await, Context::background());
    db.migrate(&cx, &BOTH).await.unwrap();
    assert_eq!(refused(&db, &ONE).await.reason(), "db.migration_unknown");
    assert_eq!(
        db.migrate(&cx, &ONE.allow_newer()).await.unwrap().applied(),
        [0; 0]
    );
}

#[tokio::test]
async fn a_migration_that_comes_late_is_refused() {
    let (db, cx) = (empty().await, Context::background());
    const LAST: Migrations = Migrations::new(&[SECOND]);
    db.migrate(&cx, &LAST).await.unwrap();
    assert_eq!(refused(&db, &BOTH).await.reason(), "db.migration_late");
}

#[tokio::test]
async fn a_failed_migration_leaves_nothing_of_the_run() {
    let db = empty().await;
    const BROKEN: Migrations = Migrations::new(&[
        FIRST,
        (2, "two", "CREATE TABLE two (id INTEGER); SELECT missing"),
    ]);
    let error = refused(&db, &BROKEN).await;
    assert_eq!(error.reason(), "db.migration_failed");
    assert!(format!("{error:?}").contains("no such column"), "{error:?}");
    assert_eq!(tables(&db).await, [""; 0]);
}

#[tokio::test]
async fn a_migration_that_commits_by_itself_is_refused() {
    let db = empty().await;
    const SLY: Migrations = Migrations::new(&[(1, "sly", "CREATE TABLE sly (id INTEGER); COMMIT")]);
    assert_eq!(refused(&db, &SLY).await.reason(), "db.migration_failed");
    super::support::wallets().await;
}

#[tokio::test]
async fn versions_that_do_not_ascend_are_all_named() {
    const TWICE: Migrations = Migrations::new(&[SECOND, FIRST, (1, "again", "")]);
    let error = refused(&empty().await, &TWICE).await;
    assert_eq!(error.code(), Code::InvalidArgument);
    let fields: Vec<_> = error
        .violations()
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(fields, ["one", "again"]);
}

#[tokio::test]
async fn sets_are_independent() {
    let (db, cx) = (empty().await, Context::background());
    const LIBRARY: Migrations =
        Migrations::new(&[(1, "theirs", "CREATE TABLE theirs (id INTEGER)")]).set("library");
    db.migrate(&cx, &BOTH).await.unwrap();
    assert_eq!(db.migrate(&cx, &LIBRARY).await.unwrap().applied(), [1]);
}

#[tokio::test]
async fn processes_that_start_at_once_migrate_once() {
    // Each handle has connections of its own, as another process would.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.db");
    let starts: Vec<_> = (0..6)
        .map(|_| {
            let path = path.clone();
            tokio::spawn(async move {
                let db = Db::open(path).await?;
                let migrated = db.migrate(&Context::background(), &SCHEMA).await?;
                db.close().await;
                Ok::<_, Error>(migrated.applied().len())
            })
        })
        .collect();
    let mut applied = 0;
    for start in starts {
        applied += start.await.unwrap().unwrap();
    }
    assert_eq!(applied, 1);
    assert_eq!(ids(&Db::open(path).await.unwrap()).await, [""; 0]);
}
