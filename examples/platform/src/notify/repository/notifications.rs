//! What people are told.

use ovasabi_core::repository::{Page, PageRequest};
use ovasabi_core::{Context, Result};
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::notify::Notify;

/// One thing that somebody was told.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub(in crate::notify) struct Notification {
    /// Its place among all: the id of its live event.
    pub(in crate::notify) seq: i64,
    pub(in crate::notify) id: String,
    /// Such as `referral.rewarded`.
    pub(in crate::notify) kind: String,
    /// What happened; its members depend on the kind.
    #[sqlx(json)]
    pub(in crate::notify) data: Value,
    pub(in crate::notify) created_ms: i64,
    /// When its reader has said that it is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::notify) acked_ms: Option<i64>,
}

impl Notify {
    /// A page of what a user was told, newest first.
    pub(in crate::notify) async fn notifications(
        &self,
        cx: &Context,
        user: &str,
        is_unread: bool,
        request: &PageRequest,
    ) -> Result<Page<Notification>> {
        let (list, query) = if is_unread {
            (
                "unread notifications",
                "SELECT seq, id, kind, data, created_ms, acked_ms FROM notifications
                 WHERE user_id = ? AND seq < ? AND acked_ms IS NULL ORDER BY seq DESC LIMIT ?",
            )
        } else {
            (
                "notifications",
                "SELECT seq, id, kind, data, created_ms, acked_ms FROM notifications
                 WHERE user_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
            )
        };
        let before = match request.cursor() {
            Some(cursor) => cursor.key(list)?,
            None => i64::MAX,
        };
        let mut conn = self.0.db.read(cx).await?;
        let rows: Vec<Notification> = sqlx::query_as(query)
            .bind(user)
            .bind(before)
            .bind(request.rows())
            .fetch_all(conn.connection())
            .await?;
        Page::cut(rows, request, list, |last| last.seq)
    }

    /// The next things that a user was told after `seq`, oldest first.
    pub(in crate::notify) async fn told_after(
        &self,
        cx: &Context,
        user: &str,
        seq: i64,
        limit: u32,
    ) -> Result<Vec<Notification>> {
        let mut conn = self.0.db.read(cx).await?;
        let rows = sqlx::query_as(
            "SELECT seq, id, kind, data, created_ms, acked_ms FROM notifications
             WHERE user_id = ? AND seq > ? ORDER BY seq LIMIT ?",
        )
        .bind(user)
        .bind(seq)
        .bind(limit)
        .fetch_all(conn.connection())
        .await?;
        Ok(rows)
    }

    /// The place of the last thing that anybody was told.
    pub(in crate::notify) async fn newest(&self, cx: &Context) -> Result<i64> {
        let mut conn = self.0.db.read(cx).await?;
        let newest = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM notifications")
            .fetch_one(conn.connection())
            .await?;
        Ok(newest)
    }

    /// A user has read this, now or before; `false` when he was never told it.
    pub(in crate::notify) async fn ack(&self, cx: &Context, user: &str, id: &str) -> Result<bool> {
        self.0
            .db
            .with_tx(cx, async |mut unit| {
                let acked = sqlx::query(
                    "UPDATE notifications SET acked_ms = coalesce(acked_ms, ?) WHERE id = ? AND user_id = ?",
                )
                .bind(self.now_ms())
                .bind(id)
                .bind(user)
                .execute(unit.connection())
                .await?;
                Ok(acked.rows_affected() == 1)
            })
            .await
    }
}
