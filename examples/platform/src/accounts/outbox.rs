//! The outbox: an event is written with what it tells of, and sent after.

use ovasabi_core::repository::new_id;
use ovasabi_core::{Context, Error, Result};
use sqlx::SqliteConnection;

use super::users::Users;
use crate::rewards::UserRegistered;

/// How many events are sent in one go.
const BATCH: u32 = 100;

/// Writes the event of a new user, in the transaction that adds one.
pub(super) async fn put(conn: &mut SqliteConnection, user_id: &str, now_ms: i64) -> Result<()> {
    let event = UserRegistered {
        event_id: new_id().to_string(),
        user_id: user_id.to_owned(),
    };
    let payload = serde_json::to_string(&event).map_err(Error::internal)?;
    sqlx::query("INSERT INTO outbox (event_id, payload, created_ms) VALUES (?, ?, ?)")
        .bind(event.event_id)
        .bind(payload)
        .bind(now_ms)
        .execute(conn)
        .await?;
    Ok(())
}

/// Events that have not been sent, oldest first.
pub(super) async fn unsent(users: &Users, cx: &Context) -> Result<Vec<(i64, String)>> {
    let mut conn = users.db.read(cx).await?;
    let found = sqlx::query_as(
        "SELECT seq, payload FROM outbox WHERE sent_ms IS NULL ORDER BY seq LIMIT ?",
    )
    .bind(BATCH)
    .fetch_all(conn.connection())
    .await?;
    Ok(found)
}

/// Takes note that an event was sent. If this is lost, it is sent again, and its receiver knows its id.
pub(super) async fn sent(users: &Users, cx: &Context, seq: i64) -> Result<()> {
    users
        .db
        .with_tx(cx, async |mut uow| {
            sqlx::query("UPDATE outbox SET sent_ms = ? WHERE seq = ?")
                .bind(users.now_ms())
                .bind(seq)
                .execute(uow.connection())
                .await?;
            Ok(())
        })
        .await
}
