//! Where partners want to be told.

use ovasabi_core::repository::new_id;
use ovasabi_core::{Code, Context, Error, Result};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::contract::signature::Secret;
use crate::notify::Notify;
use crate::notify::domain::Topics;

/// A webhook as its owner sees it: the secret was shown once.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub(in crate::notify) struct Webhook {
    pub(in crate::notify) id: String,
    #[serde(skip)]
    pub(in crate::notify) owner_id: String,
    pub(in crate::notify) url: String,
    #[sqlx(json)]
    pub(in crate::notify) topics: Vec<String>,
    pub(in crate::notify) created_ms: i64,
    /// Since when it is sent nothing any more: its target has answered 410.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::notify) disabled_ms: Option<i64>,
}

/// What a partner asks for. Its URL was checked.
#[derive(Clone, Debug)]
pub(in crate::notify) struct NewWebhook<'a> {
    pub(in crate::notify) owner_id: &'a str,
    pub(in crate::notify) url: &'a str,
    pub(in crate::notify) topics: &'a Topics,
    pub(in crate::notify) secret: &'a Secret,
}

impl Notify {
    /// Adds a webhook.
    ///
    /// # Errors
    /// `FailedPrecondition` when its owner has as many as one may have.
    pub(in crate::notify) async fn add_webhook(
        &self,
        cx: &Context,
        new: NewWebhook<'_>,
    ) -> Result<Webhook> {
        let topics = new.topics.names();
        let webhook = Webhook {
            id: new_id().to_string(),
            owner_id: new.owner_id.to_owned(),
            url: new.url.to_owned(),
            topics: topics.to_vec(),
            created_ms: self.now_ms(),
            disabled_ms: None,
        };
        let topics = serde_json::to_string(topics).map_err(Error::internal)?;
        let added = self
            .0
            .db
            .with_tx(cx, async |mut unit| {
                // Counted in the transaction that adds it: two at once do not both find the last place.
                let added = sqlx::query(
                    "INSERT INTO webhooks (id, owner_id, url, topics, secret, created_ms) SELECT ?1, ?2, ?3, ?4, ?5, ?6
                     WHERE (SELECT count(*) FROM webhooks WHERE owner_id = ?2) < ?7",
                )
                .bind(&webhook.id)
                .bind(&webhook.owner_id)
                .bind(&webhook.url)
                .bind(&topics)
                .bind(new.secret.expose())
                .bind(webhook.created_ms)
                .bind(self.0.settings.webhooks_per_owner)
                .execute(unit.connection())
                .await?;
                Ok(added.rows_affected() == 1)
            })
            .await?;
        if added {
            return Ok(webhook);
        }
        Err(Error::new(Code::FailedPrecondition, "webhook.too_many")
            .detail("no more webhooks: delete one that is not needed")
            .with_http_status(http::StatusCode::CONFLICT))
    }

    /// All webhooks of a partner: they are few.
    pub(in crate::notify) async fn webhooks(
        &self,
        cx: &Context,
        owner: &str,
    ) -> Result<Vec<Webhook>> {
        let mut conn = self.0.db.read(cx).await?;
        let found = sqlx::query_as(
            "SELECT id, owner_id, url, topics, created_ms, disabled_ms FROM webhooks WHERE owner_id = ? ORDER BY id",
        )
        .bind(owner)
        .fetch_all(conn.connection())
        .await?;
        Ok(found)
    }

    pub(in crate::notify) async fn webhook(
        &self,
        cx: &Context,
        id: &str,
    ) -> Result<Option<Webhook>> {
        let mut conn = self.0.db.read(cx).await?;
        let found = sqlx::query_as(
            "SELECT id, owner_id, url, topics, created_ms, disabled_ms FROM webhooks WHERE id = ?",
        )
        .bind(id)
        .fetch_optional(conn.connection())
        .await?;
        Ok(found)
    }

    /// Removes a webhook with all its deliveries; `false` when this owner has none of this id.
    pub(in crate::notify) async fn remove_webhook(
        &self,
        cx: &Context,
        owner: &str,
        id: &str,
    ) -> Result<bool> {
        self.0
            .db
            .with_tx(cx, async |mut unit| {
                let removed = sqlx::query("DELETE FROM webhooks WHERE id = ? AND owner_id = ?")
                    .bind(id)
                    .bind(owner)
                    .execute(unit.connection())
                    .await?;
                Ok(removed.rows_affected() == 1)
            })
            .await
    }
}
