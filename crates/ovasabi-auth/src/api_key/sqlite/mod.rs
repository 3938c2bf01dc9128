//! Keys in SQLite.

mod row;

use std::time::SystemTime;

use async_trait::async_trait;
use ovasabi_core::context::{Subject, Tenant};
use ovasabi_core::repository::{Db, Migrations};
use ovasabi_core::{Context, Error};

use self::row::{insert, kind_to_sql, read, to_sql};
use super::{ApiKeyRecord, ApiKeyStore, KeyId};

/// Keeps keys in a table `api_keys` of a [`Db`]. Clones share the database.
///
/// A check reads one row by its primary key. Uses are written many at a time.
#[derive(Clone, Debug)]
pub struct SqliteApiKeys(Db);

/// A set of our own, beside those of the application.
const MIGRATIONS: Migrations = Migrations::new(&[(
    1,
    "create api_keys",
    "CREATE TABLE api_keys (
        id TEXT NOT NULL PRIMARY KEY,
        digest BLOB NOT NULL CHECK (length(digest) = 32),
        owner TEXT NOT NULL,
        owner_kind TEXT NOT NULL,
        tenant TEXT,
        scopes TEXT NOT NULL,
        label TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        not_before INTEGER,
        expires_at INTEGER,
        revoked_at INTEGER,
        last_used_at INTEGER,
        replaced_by TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX api_keys_by_owner ON api_keys (owner, owner_kind, created_at);",
)])
.set("ovasabi_api_keys");

const FIND: &str = "SELECT id, digest, owner, owner_kind, tenant, scopes, label, created_at, not_before, \
    expires_at, revoked_at, last_used_at, replaced_by FROM api_keys WHERE id = ?";

const LIST: &str = "SELECT id, digest, owner, owner_kind, tenant, scopes, label, created_at, not_before, \
    expires_at, revoked_at, last_used_at, replaced_by FROM api_keys \
    WHERE owner = ? AND owner_kind = ? AND tenant IS ? ORDER BY created_at, id";

const REPLACE: &str = "UPDATE api_keys SET expires_at = min(coalesce(expires_at, ?1), ?1), replaced_by = ?2 \
    WHERE id = ?3 AND revoked_at IS NULL AND replaced_by IS NULL";

const REVOKE: &str = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?";

const USED: &str =
    "UPDATE api_keys SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?";

impl SqliteApiKeys {
    /// Keeps keys in this database, whose table is made or brought up to date.
    ///
    /// # Errors
    /// As [`Db::migrate`].
    ///
    /// # Cancel safety
    /// As [`Db::migrate`].
    pub async fn open(cx: &Context, db: Db) -> Result<Self, Error> {
        db.migrate(cx, &MIGRATIONS).await?;
        Ok(Self(db))
    }
}

#[async_trait]
impl ApiKeyStore for SqliteApiKeys {
    async fn find(&self, cx: &Context, id: &KeyId) -> Result<Option<ApiKeyRecord>, Error> {
        let mut conn = self.0.read(cx).await?;
        let query = sqlx::query(FIND).bind(id.as_str());
        let row = cx.run(query.fetch_optional(conn.connection())).await??;
        row.as_ref().map(read).transpose()
    }

    async fn insert(&self, cx: &Context, record: &ApiKeyRecord) -> Result<(), Error> {
        self.0
            .with_tx(cx, async |mut uow| insert(cx, &mut uow, record).await)
            .await
    }

    async fn replace(
        &self,
        cx: &Context,
        old: &KeyId,
        end: SystemTime,
        new: &ApiKeyRecord,
    ) -> Result<bool, Error> {
        self.0
            .with_tx(cx, async |mut uow| {
                let update = sqlx::query(REPLACE)
                    .bind(to_sql(end))
                    .bind(new.id.as_str())
                    .bind(old.as_str());
                let done = cx.run(update.execute(uow.connection())).await??;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                insert(cx, &mut uow, new).await?;
                Ok(true)
            })
            .await
    }

    async fn revoke(&self, cx: &Context, id: &KeyId, at: SystemTime) -> Result<bool, Error> {
        self.0
            .with_tx(cx, async |mut uow| {
                let update = sqlx::query(REVOKE).bind(to_sql(at)).bind(id.as_str());
                let done = cx.run(update.execute(uow.connection())).await??;
                Ok(done.rows_affected() > 0)
            })
            .await
    }

    async fn list(&self, cx: &Context, owner: &Subject) -> Result<Vec<ApiKeyRecord>, Error> {
        let mut conn = self.0.read(cx).await?;
        let query = sqlx::query(LIST)
            .bind(owner.id())
            .bind(kind_to_sql(owner.kind())?)
            .bind(owner.tenant().map(Tenant::as_str));
        let rows = cx.run(query.fetch_all(conn.connection())).await??;
        rows.iter().map(read).collect()
    }

    async fn used(&self, cx: &Context, uses: &[(KeyId, SystemTime)]) -> Result<(), Error> {
        self.0
            .with_tx(cx, async |mut uow| {
                for (id, at) in uses {
                    let update = sqlx::query(USED).bind(to_sql(*at)).bind(id.as_str());
                    cx.run(update.execute(uow.connection())).await??;
                }
                Ok(())
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn plan(db: &Db, sql: &str) -> String {
        let mut conn = db.read(&Context::background()).await.expect("it is open");
        let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(sql)
            .fetch_all(conn.connection())
            .await
            .expect("the statement is valid");
        let steps: Vec<_> = steps.into_iter().map(|(.., step)| step).collect();
        steps.join("; ")
    }

    #[tokio::test]
    async fn a_check_is_one_read_by_the_unique_index() {
        let db = Db::temporary().expect("there is a folder");
        let db = db.open().await.expect("it opens");
        let cx = Context::background();
        SqliteApiKeys::open(&cx, db.clone())
            .await
            .expect("the table is made");
        let search = "SEARCH api_keys USING";
        assert_eq!(
            plan(&db, FIND).await,
            format!("{search} PRIMARY KEY (id=?)")
        );
        let by_owner = "INDEX api_keys_by_owner (owner=? AND owner_kind=?)";
        assert!(
            plan(&db, LIST)
                .await
                .starts_with(&format!("{search} {by_owner}"))
        );
        for change in [REPLACE, REVOKE, USED] {
            assert_eq!(
                plan(&db, change).await,
                format!("{search} PRIMARY KEY (id=?)")
            );
        }
    }
}
