//! Who has done what.

use ovasabi_core::repository::{Page, PageRequest, new_id};
use ovasabi_core::{Context, Error, Result};
use serde::Serialize;
use serde_json::Value;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqliteConnection};
use utoipa::ToSchema;

use super::Store;

/// Whoever has a shell on the machine.
pub(super) const OPERATOR: &str = "operator";

/// The service itself.
pub(super) const SERVICE: &str = "accounts";

/// The mark of its cursors.
const LIST: &str = "accounts audit";

/// What was done, to be written down with it.
pub(super) struct Act<'a> {
    pub(super) actor: &'a str,
    pub(super) action: &'static str,
    pub(super) subject: &'a str,
    pub(super) detail: Value,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    pub(crate) id: String,
    /// The id of a user, `operator`, or `accounts` for the service itself.
    pub(crate) actor: String,
    pub(crate) action: String,
    /// To whom or what.
    pub(crate) subject: String,
    pub(crate) detail: Value,
    pub(crate) created_ms: i64,
}

/// Writes down what was done, in the transaction that does it.
pub(super) async fn write(conn: &mut SqliteConnection, now: i64, act: Act<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO audit_log (id, actor, action, subject, detail, created_ms) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(new_id().to_string())
    .bind(act.actor)
    .bind(act.action)
    .bind(act.subject)
    .bind(act.detail.to_string())
    .bind(now)
    .execute(conn)
    .await?;
    Ok(())
}

impl Store {
    /// One page of the log, the latest first.
    pub(in crate::accounts) async fn audit(
        &self,
        cx: &Context,
        request: &PageRequest,
    ) -> Result<Page<AuditEntry>> {
        let before: Option<String> = match request.cursor() {
            Some(cursor) => Some(cursor.key(LIST)?),
            None => None,
        };
        let mut conn = self.db.read(cx).await?;
        let rows = sqlx::query_as(
            "SELECT id, actor, action, subject, detail, created_ms FROM audit_log \
             WHERE id < coalesce(?1, '~') ORDER BY id DESC LIMIT ?2",
        )
        .bind(before)
        .bind(request.rows())
        .fetch_all(conn.connection())
        .await?;
        Page::cut(rows, request, LIST, |last: &AuditEntry| last.id.clone())
    }
}

impl FromRow<'_, SqliteRow> for AuditEntry {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let detail: String = row.try_get("detail")?;
        let detail = serde_json::from_str(&detail);
        Ok(Self {
            id: row.try_get("id")?,
            actor: row.try_get("actor")?,
            action: row.try_get("action")?,
            subject: row.try_get("subject")?,
            detail: detail.map_err(|error| sqlx::Error::Decode(Error::internal(error).into()))?,
            created_ms: row.try_get("created_ms")?,
        })
    }
}
