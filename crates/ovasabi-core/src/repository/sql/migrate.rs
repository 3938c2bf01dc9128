//! Applying them.

use std::borrow::Cow;

use sqlx::migrate::{Migration, MigrationType};
use sqlx::{Row, SqlSafeStr, SqliteConnection};

use super::{Db, Migrated, Migrations};
use crate::{Code, Context, Error, Result};

impl Db {
    /// Applies the migrations that are missing.
    ///
    /// # Errors
    /// `InvalidArgument` for versions that are not ascending; `FailedPrecondition` with the reason
    /// `db.migration_changed`, `db.migration_unknown`, `db.migration_late` (a version below one that was
    /// applied) or `db.migration_failed`, each naming the migration in its private cause; else as
    /// [`Db::begin`].
    ///
    /// # Cancel safety
    /// Dropping the future applies nothing, unless the commit was under way.
    pub async fn migrate(&self, cx: &Context, migrations: &Migrations) -> Result<Migrated> {
        migrations.check()?;
        self.with_tx(cx, async |mut uow| {
            cx.run(run(uow.connection(), migrations)).await?
        })
        .await
    }
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS _migrations (
    set_name TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    checksum BLOB NOT NULL,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (set_name, version)
) WITHOUT ROWID";

async fn run(conn: &mut SqliteConnection, migrations: &Migrations) -> Result<Migrated> {
    sqlx::raw_sql("PRAGMA defer_foreign_keys = ON")
        .execute(&mut *conn)
        .await?;
    sqlx::raw_sql(TABLE).execute(&mut *conn).await?;
    let missing = compare(migrations, &applied(conn, migrations.set).await?)?;
    let mut versions = Vec::with_capacity(missing.len());
    for migration in missing {
        apply(conn, migrations.set, &migration).await?;
        versions.push(migration.version);
    }
    Ok(Migrated { applied: versions })
}

struct Applied {
    version: i64,
    name: String,
    checksum: Vec<u8>,
}

async fn applied(conn: &mut SqliteConnection, set: &str) -> Result<Vec<Applied>> {
    let sql = "SELECT version, name, checksum FROM _migrations WHERE set_name = ? ORDER BY version";
    let rows = sqlx::query(sql).bind(set).fetch_all(conn).await?;
    let read = |row: &sqlx::sqlite::SqliteRow| {
        Ok(Applied {
            version: row.try_get(0)?,
            name: row.try_get(1)?,
            checksum: row.try_get(2)?,
        })
    };
    rows.iter().map(read).collect()
}

/// The migrations that are missing, when those that were applied are what the code says.
fn compare(migrations: &Migrations, applied: &[Applied]) -> Result<Vec<Migration>> {
    let last_known = migrations.list.last().map_or(0, |(version, ..)| *version);
    let last_applied = applied.last().map_or(0, |last| last.version);
    for Applied { version, name, .. } in applied {
        let is_known = migrations.list.iter().any(|(known, ..)| known == version);
        let is_accepted = is_known || (*version > last_known && migrations.allow_newer);
        if !is_accepted {
            return Err(refused(
                "db.migration_unknown",
                migrations.set,
                *version,
                name,
                None,
            ));
        }
    }
    let mut missing = Vec::new();
    for (version, name, sql) in migrations.list {
        let migration = prepare(*version, name, sql);
        match applied.iter().find(|applied| applied.version == *version) {
            Some(applied) if applied.checksum != *migration.checksum => {
                return Err(refused(
                    "db.migration_changed",
                    migrations.set,
                    *version,
                    name,
                    None,
                ));
            }
            Some(_) => {}
            None if *version < last_applied => {
                return Err(refused(
                    "db.migration_late",
                    migrations.set,
                    *version,
                    name,
                    None,
                ));
            }
            None => missing.push(migration),
        }
    }
    Ok(missing)
}

fn prepare(version: i64, name: &'static str, sql: &'static str) -> Migration {
    // Git may have turned the line ends of the file while checking it out.
    let sql = match sql.contains('\r') {
        true => sqlx::AssertSqlSafe(sql.replace("\r\n", "\n")).into_sql_str(),
        false => sql.into_sql_str(),
    };
    Migration::new(
        version,
        Cow::Borrowed(name),
        MigrationType::Simple,
        sql,
        false,
    )
}

async fn apply(
    conn: &mut SqliteConnection,
    set: &'static str,
    migration: &Migration,
) -> Result<()> {
    let failed = |error| {
        refused(
            "db.migration_failed",
            set,
            migration.version,
            &migration.description,
            Some(error),
        )
    };
    // The savepoint is gone when the migration has ended the transaction by itself: then its release fails.
    sqlx::raw_sql("SAVEPOINT migration")
        .execute(&mut *conn)
        .await
        .map_err(failed)?;
    sqlx::raw_sql(migration.sql.clone())
        .execute(&mut *conn)
        .await
        .map_err(failed)?;
    sqlx::raw_sql("RELEASE migration")
        .execute(&mut *conn)
        .await
        .map_err(failed)?;
    sqlx::query("INSERT INTO _migrations (set_name, version, name, checksum) VALUES (?, ?, ?, ?)")
        .bind(set)
        .bind(migration.version)
        .bind(migration.description.as_ref())
        .bind(migration.checksum.as_ref())
        .execute(conn)
        .await?;
    let (version, name) = (migration.version, &migration.description);
    tracing::info!(target: "ovasabi::db", set, version, %name, "migration applied");
    Ok(())
}

/// The private cause: which migration, and what the database said.
#[derive(Debug, thiserror::Error)]
#[error("migration {version} `{name}` of set `{set}`")]
struct Refused {
    set: &'static str,
    version: i64,
    name: String,
    source: Option<sqlx::Error>,
}

fn refused(
    reason: &'static str,
    set: &'static str,
    version: i64,
    name: &str,
    source: Option<sqlx::Error>,
) -> Error {
    Error::new(Code::FailedPrecondition, reason).caused_by(Refused {
        set,
        version,
        name: name.to_owned(),
        source,
    })
}
