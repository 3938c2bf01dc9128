//! The keys that tokens are signed with.

use std::time::Duration;

use ovasabi_core::config::Secret;
use ovasabi_core::{Code, Context, Error, Result};
use serde::Serialize;
use serde_json::json;
use sqlx::SqliteConnection;
use utoipa::ToSchema;

use super::Store;
use super::audit::{Act, SERVICE, write};
use crate::accounts::domain::{MAX_PUBLISHED, is_published};
use crate::millis::millis;

/// A signing key as it is kept.
#[derive(Clone, Debug)]
pub(in crate::accounts) struct StoredKey {
    pub(in crate::accounts) kid: String,
    pub(in crate::accounts) pem: Secret,
    pub(in crate::accounts) created_ms: i64,
    /// When another one took its place; none for the one that signs.
    pub(in crate::accounts) retired_ms: Option<i64>,
}

/// Whether a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyState {
    /// It signs.
    Active,
    /// It has signed tokens that are good yet.
    Retired,
}

impl StoredKey {
    pub(in crate::accounts) fn state(&self) -> KeyState {
        match self.retired_ms {
            None => KeyState::Active,
            Some(_) => KeyState::Retired,
        }
    }
}

impl Store {
    /// The keys that belong into the published set, the one that signs first.
    pub(in crate::accounts) async fn published_keys(
        &self,
        cx: &Context,
        keep: Duration,
    ) -> Result<Vec<StoredKey>> {
        let mut conn = self.db.read(cx).await?;
        published(conn.connection(), keep, self.now_ms()).await
    }

    /// Makes `key` the one that signs, unless there is one: of processes that start at once the first has its way.
    pub(in crate::accounts) async fn add_first_key(
        &self,
        cx: &Context,
        kid: &str,
        pem: &Secret,
    ) -> Result<()> {
        self.db
            .with_tx(cx, async |mut unit| {
                let conn = unit.connection();
                let now = self.now_ms();
                let added = sqlx::query(
                    "INSERT INTO signing_keys (kid, pem, state, created_ms) \
                     SELECT ?, ?, 'active', ? WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE state = 'active')",
                )
                .bind(kid)
                .bind(pem.expose())
                .bind(now)
                .execute(&mut *conn)
                .await?;
                if added.rows_affected() == 0 {
                    return Ok(());
                }
                let act = Act {
                    actor: SERVICE,
                    action: "signing_key.made",
                    subject: kid,
                    detail: json!({}),
                };
                write(conn, now, act).await
            })
            .await
    }

    /// Makes `key` the one that signs from now on, and calls `done` with the commit. The one before goes on being
    /// published for `keep`.
    pub(in crate::accounts) async fn rotate_key(
        &self,
        cx: &Context,
        actor: &str,
        (kid, pem): (&str, &Secret),
        keep: Duration,
        done: impl FnOnce() + Send + 'static,
    ) -> Result<()> {
        self.db
            .with_tx(cx, async |mut unit| {
                let (conn, now) = (unit.connection(), self.now_ms());
                // A set of more keys than verifiers read would be none.
                if published(conn, keep, now).await?.len() >= MAX_PUBLISHED {
                    return Err(Error::new(Code::FailedPrecondition, "signing_key.too_many")
                        .detail("too many keys are published; wait until those that were retired have left")
                        .with_http_status(http::StatusCode::CONFLICT));
                }
                sqlx::query("UPDATE signing_keys SET state = 'retired', retired_ms = ? WHERE state = 'active'")
                    .bind(now)
                    .execute(&mut *conn)
                    .await?;
                sqlx::query("INSERT INTO signing_keys (kid, pem, state, created_ms) VALUES (?, ?, 'active', ?)")
                    .bind(kid)
                    .bind(pem.expose())
                    .bind(now)
                    .execute(&mut *conn)
                    .await?;
                let act = Act { actor, action: "signing_key.rotated", subject: kid, detail: json!({}) };
                write(conn, now, act).await?;
                unit.on_commit(move |_| done());
                Ok(())
            })
            .await
    }

    /// Removes retired keys that are no longer published, and says how many.
    pub(in crate::accounts) async fn purge_keys(
        &self,
        cx: &Context,
        keep: Duration,
    ) -> Result<u64> {
        let before = self.now_ms().saturating_sub(millis(keep));
        let removed = self
            .db
            .with_tx(cx, async |mut unit| {
                let purge = sqlx::query("DELETE FROM signing_keys WHERE retired_ms <= ?");
                Ok(purge.bind(before).execute(unit.connection()).await?)
            })
            .await?;
        Ok(removed.rows_affected())
    }
}

async fn published(
    conn: &mut SqliteConnection,
    keep: Duration,
    now: i64,
) -> Result<Vec<StoredKey>> {
    let rows: Vec<(String, String, i64, Option<i64>)> = sqlx::query_as(
        "SELECT kid, pem, created_ms, retired_ms FROM signing_keys ORDER BY retired_ms IS NOT NULL, retired_ms DESC",
    )
    .fetch_all(conn)
    .await?;
    let keys = rows
        .into_iter()
        .map(|(kid, pem, created_ms, retired_ms)| StoredKey {
            kid,
            pem: pem.into(),
            created_ms,
            retired_ms,
        });
    Ok(keys
        .filter(|key| is_published(key.retired_ms, keep, now))
        .collect())
}
