//! A repository over SQLite, as an application writes it.

use ovasabi_core::repository::{
    Db, DbError, DbErrorKind, Durability, Entity, Migrations, Page, PageRequest, Repository,
    already_exists, new_id, not_found, version_conflict,
};
use ovasabi_core::{Context, Error, Result};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Account {
    pub(super) id: Uuid,
    pub(super) email: String,
    pub(super) score: Option<i64>,
    pub(super) version: i64,
}

impl Account {
    pub(super) fn new(email: &str, score: Option<i64>) -> Self {
        Self {
            id: new_id(),
            email: email.to_owned(),
            score,
            version: 0,
        }
    }
}

impl Entity for Account {
    type Id = Uuid;

    const NAME: &'static str = "account";

    fn id(&self) -> &Uuid {
        &self.id
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn with_version(self, version: i64) -> Self {
        Self { version, ..self }
    }
}

const MIGRATIONS: Migrations = Migrations::new(&[(
    1,
    "create accounts",
    "CREATE TABLE accounts (
         id BLOB PRIMARY KEY,
         email TEXT NOT NULL,
         score INTEGER,
         version INTEGER NOT NULL
     ) WITHOUT ROWID;
     CREATE INDEX accounts_by_score ON accounts (score IS NULL, score, id);",
)]);

#[derive(Clone)]
pub(super) struct SqliteAccounts(Db);

impl SqliteAccounts {
    pub(super) async fn open() -> Self {
        let db = Db::temporary()
            .unwrap()
            .durability(Durability::Normal)
            .open()
            .await
            .unwrap();
        db.migrate(&Context::background(), &MIGRATIONS)
            .await
            .unwrap();
        Self(db)
    }

    /// Lowest score first, those without one last, equal ones by id.
    pub(super) async fn by_score(
        &self,
        cx: &Context,
        request: &PageRequest,
    ) -> Result<Page<Account>> {
        const SCOPE: &str = "accounts by score";
        type Key = (bool, Option<i64>, Uuid);
        let after = request
            .cursor()
            .map(|cursor| cursor.key::<Key>(SCOPE))
            .transpose()?;
        let select = match after {
            None => sqlx::query("SELECT * FROM accounts ORDER BY score IS NULL, score, id LIMIT ?"),
            // A row value compares NULL with NULL as unknown: those without a score compare as 0.
            Some((no_score, score, id)) => sqlx::query(
                "SELECT * FROM accounts
                 WHERE (score IS NULL, coalesce(score, 0), id) > (?, ?, ?)
                 ORDER BY score IS NULL, score, id LIMIT ?",
            )
            .bind(no_score)
            .bind(score.unwrap_or(0))
            .bind(id),
        };
        let mut conn = self.0.read(cx).await?;
        let rows = cx
            .run(select.bind(request.rows()).fetch_all(conn.connection()))
            .await??;
        let found: Vec<_> = rows.iter().map(account).collect::<Result<_>>()?;
        Page::cut(found, request, SCOPE, |last| {
            (last.score.is_none(), last.score, last.id)
        })
    }
}

impl Repository<Account> for SqliteAccounts {
    async fn find(&self, cx: &Context, id: &Uuid) -> Result<Option<Account>> {
        let mut conn = self.0.read(cx).await?;
        let select = sqlx::query("SELECT * FROM accounts WHERE id = ?").bind(id);
        let row = cx.run(select.fetch_optional(conn.connection())).await??;
        row.as_ref().map(account).transpose()
    }

    async fn insert(&self, cx: &Context, entity: Account) -> Result<Account> {
        let entity = entity.with_version(1);
        let inserted = self.0.with_tx(cx, async |mut uow| {
            sqlx::query("INSERT INTO accounts (id, email, score, version) VALUES (?, ?, ?, 1)")
                .bind(entity.id)
                .bind(&entity.email)
                .bind(entity.score)
                .execute(uow.connection())
                .await?;
            Ok(())
        });
        match inserted.await {
            Ok(()) => Ok(entity),
            Err(error) if is_unique(&error) => Err(already_exists::<Account>().caused_by(error)),
            Err(error) => Err(error),
        }
    }

    async fn update(&self, cx: &Context, entity: Account) -> Result<Account> {
        let updated = self.0.with_tx(cx, async |mut uow| {
            let sql = "UPDATE accounts SET email = ?, score = ?, version = version + 1
                       WHERE id = ? AND version = ?";
            let update = sqlx::query(sql).bind(&entity.email).bind(entity.score);
            let done = update
                .bind(entity.id)
                .bind(entity.version)
                .execute(uow.connection())
                .await?;
            explain(uow.connection(), &entity.id, done.rows_affected()).await
        });
        updated.await?;
        let next = entity.version + 1;
        Ok(entity.with_version(next))
    }

    async fn delete(&self, cx: &Context, id: &Uuid, version: Option<i64>) -> Result<()> {
        let deleted = self.0.with_tx(cx, async |mut uow| {
            let sql = "DELETE FROM accounts WHERE id = ?1 AND version = coalesce(?2, version)";
            let done = sqlx::query(sql)
                .bind(id)
                .bind(version)
                .execute(uow.connection())
                .await?;
            explain(uow.connection(), id, done.rows_affected()).await
        });
        deleted.await
    }

    async fn page(&self, cx: &Context, request: &PageRequest) -> Result<Page<Account>> {
        let after = request
            .cursor()
            .map(|cursor| cursor.key::<Uuid>(Account::NAME))
            .transpose()?;
        // The nil id is before all others.
        let select = sqlx::query("SELECT * FROM accounts WHERE id > ? ORDER BY id LIMIT ?")
            .bind(after.unwrap_or_default())
            .bind(request.rows());
        let mut conn = self.0.read(cx).await?;
        let rows = cx.run(select.fetch_all(conn.connection())).await??;
        let found: Vec<_> = rows.iter().map(account).collect::<Result<_>>()?;
        Page::cut(found, request, Account::NAME, |last| last.id)
    }
}

/// Why no row was changed: it is not there, or has another version.
async fn explain(conn: &mut sqlx::SqliteConnection, id: &Uuid, changed: u64) -> Result<()> {
    if changed == 1 {
        return Ok(());
    }
    let found = sqlx::query("SELECT 1 FROM accounts WHERE id = ?")
        .bind(id)
        .fetch_optional(conn)
        .await?;
    Err(found.map_or_else(not_found::<Account>, |_| version_conflict::<Account>()))
}

fn is_unique(error: &Error) -> bool {
    DbError::find(error).is_some_and(|cause| cause.kind() == DbErrorKind::Unique)
}

fn account(row: &SqliteRow) -> Result<Account> {
    Ok(Account {
        id: row.try_get("id")?,
        email: row.try_get("email")?,
        score: row.try_get("score")?,
        version: row.try_get("version")?,
    })
}
