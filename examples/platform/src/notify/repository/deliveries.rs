//! Events on their way to webhooks.

use ovasabi_core::repository::{Page, PageRequest};
use ovasabi_core::{Context, Result};
use serde::Serialize;
use sqlx::{FromRow, SqliteConnection};
use utoipa::ToSchema;

use crate::notify::Notify;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(rename_all = "lowercase")]
#[schema(as = DeliveryState)]
pub(in crate::notify) enum State {
    Pending,
    Delivered,
    Dead,
}

/// A delivery as the owner of its webhook sees it.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
#[schema(as = Delivery)]
pub(in crate::notify) struct DeliveryRow {
    pub(in crate::notify) id: String,
    pub(in crate::notify) event_id: String,
    pub(in crate::notify) topic: String,
    pub(in crate::notify) state: State,
    /// Requests that were sent, or could not be.
    pub(in crate::notify) attempts: i64,
    /// The last status that the target has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::notify) last_status: Option<u16>,
    /// Why the last attempt has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::notify) last_error: Option<String>,
    pub(in crate::notify) created_ms: i64,
    /// When it was delivered or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::notify) done_ms: Option<i64>,
}

/// A delivery as it is made.
#[derive(Clone, Debug, FromRow)]
pub(in crate::notify) struct Delivery {
    pub(in crate::notify) id: String,
    pub(in crate::notify) webhook_id: String,
    pub(in crate::notify) event_id: String,
    pub(in crate::notify) topic: String,
    pub(in crate::notify) body: String,
    pub(in crate::notify) state: State,
    pub(in crate::notify) since_ms: i64,
    pub(in crate::notify) url: String,
    pub(in crate::notify) secret: String,
    pub(in crate::notify) is_disabled: bool,
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub(in crate::notify) struct Attempt<'a> {
    pub(in crate::notify) state: State,
    pub(in crate::notify) status: Option<u16>,
    pub(in crate::notify) error: Option<&'a str>,
}

const LIST: &str = "deliveries";

impl Notify {
    /// A page of the deliveries to a webhook, newest first.
    pub(in crate::notify) async fn deliveries(
        &self,
        cx: &Context,
        webhook: &str,
        request: &PageRequest,
    ) -> Result<Page<DeliveryRow>> {
        let before: Option<String> = request
            .cursor()
            .map(|cursor| cursor.key(LIST))
            .transpose()?;
        let mut conn = self.0.db.read(cx).await?;
        let rows: Vec<DeliveryRow> = sqlx::query_as(
            "SELECT id, event_id, topic, state, attempts, last_status, last_error, created_ms, done_ms
             FROM webhook_deliveries WHERE webhook_id = ?1 AND id < coalesce(?2, '~') ORDER BY id DESC LIMIT ?3",
        )
        .bind(webhook)
        .bind(before)
        .bind(request.rows())
        .fetch_all(conn.connection())
        .await?;
        Page::cut(rows, request, LIST, |last| last.id.clone())
    }

    /// What must be known to make a delivery; `None` when its webhook was removed.
    pub(in crate::notify) async fn delivery(
        &self,
        cx: &Context,
        id: &str,
    ) -> Result<Option<Delivery>> {
        let mut conn = self.0.db.read(cx).await?;
        let found = sqlx::query_as(
            "SELECT d.id, d.webhook_id, d.event_id, d.topic, d.body, d.state, d.since_ms, w.url, w.secret,
                    w.disabled_ms IS NOT NULL AS is_disabled
             FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id WHERE d.id = ?",
        )
        .bind(id)
        .fetch_optional(conn.connection())
        .await?;
        Ok(found)
    }

    /// Writes down what came of an attempt.
    pub(in crate::notify) async fn attempted(
        &self,
        conn: &mut SqliteConnection,
        delivery: &str,
        attempt: &Attempt<'_>,
    ) -> Result<()> {
        let done = (attempt.state != State::Pending).then(|| self.now_ms());
        sqlx::query(
            "UPDATE webhook_deliveries SET state = ?, attempts = attempts + 1, last_status = coalesce(?, last_status),
                 last_error = ?, done_ms = ? WHERE id = ?",
        )
        .bind(attempt.state)
        .bind(attempt.status)
        .bind(attempt.error)
        .bind(done)
        .bind(delivery)
        .execute(conn)
        .await?;
        Ok(())
    }

    /// Nothing more is tried.
    pub(in crate::notify) async fn give_up(
        &self,
        cx: &Context,
        delivery: &str,
        why: &str,
    ) -> Result<()> {
        self.0
            .db
            .with_tx(cx, async |mut unit| {
                sqlx::query(
                    "UPDATE webhook_deliveries SET state = 'dead', last_error = ?, done_ms = ?
                     WHERE id = ? AND state = 'pending'",
                )
                .bind(why)
                .bind(self.now_ms())
                .bind(delivery)
                .execute(unit.connection())
                .await?;
                Ok(())
            })
            .await
    }

    /// An operator wants it tried again, with all the patience of a new one.
    pub(in crate::notify) async fn take_up_again(
        &self,
        cx: &Context,
        delivery: &str,
    ) -> Result<()> {
        self.0
            .db
            .with_tx(cx, async |mut unit| {
                sqlx::query(
                    "UPDATE webhook_deliveries SET state = 'pending', done_ms = NULL, since_ms = ?
                     WHERE id = ? AND state = 'dead'",
                )
                .bind(self.now_ms())
                .bind(delivery)
                .execute(unit.connection())
                .await?;
                Ok(())
            })
            .await
    }

    /// The target has gone: the webhook is sent nothing more.
    pub(in crate::notify) async fn disable_webhook(
        &self,
        conn: &mut SqliteConnection,
        id: &str,
    ) -> Result<()> {
        sqlx::query("UPDATE webhooks SET disabled_ms = coalesce(disabled_ms, ?) WHERE id = ?")
            .bind(self.now_ms())
            .bind(id)
            .execute(conn)
            .await?;
        Ok(())
    }
}
