//! What people with a role have done to things of others.

use ovasabi_core::Result;
use ovasabi_core::repository::new_id;
use serde::Serialize;
use sqlx::{FromRow, SqliteConnection};

use super::Tx;

/// One deed.
#[derive(Clone, Debug, Serialize, FromRow, utoipa::ToSchema)]
#[schema(as = RewardsDeed)]
pub(in crate::rewards) struct Deed {
    pub(in crate::rewards) id: String,
    pub(in crate::rewards) actor_id: String,
    /// Such as `referral.rejected`.
    pub(in crate::rewards) action: String,
    pub(in crate::rewards) subject_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::rewards) reason: Option<String>,
    pub(in crate::rewards) created_ms: i64,
}

/// Those with ids before `before`, newest first.
pub(in crate::rewards) async fn page(
    conn: &mut SqliteConnection,
    before: Option<&str>,
    rows: u32,
) -> Result<Vec<Deed>> {
    let found = sqlx::query_as(
        "SELECT id, actor_id, action, subject_id, reason, created_ms FROM audit_log \
         WHERE id < coalesce(?1, '~') ORDER BY id DESC LIMIT ?2",
    );
    Ok(found.bind(before).bind(rows).fetch_all(conn).await?)
}

impl Tx<'_> {
    /// Writes down who does what to which thing, and why.
    pub(in crate::rewards) async fn deed(
        &mut self,
        actor: &str,
        action: &str,
        subject: &str,
        reason: Option<&str>,
    ) -> Result<()> {
        let now = self.now_ms;
        sqlx::query(
            "INSERT INTO audit_log (id, actor_id, action, subject_id, reason, created_ms) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(new_id().to_string())
        .bind(actor)
        .bind(action)
        .bind(subject)
        .bind(reason)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
