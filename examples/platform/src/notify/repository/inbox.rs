//! Taking events in.

use ovasabi_core::repository::{UnitOfWork, new_id};
use ovasabi_core::worker::queue::NewJob;
use ovasabi_core::{Context, Error, Result};
use sqlx::SqliteConnection;

use crate::contract::Envelope;
use crate::notify::domain::{ALL_TOPICS, Audience, Tiding};
use crate::notify::jobs::Deliver;
use crate::notify::{Notify, Parts};

impl Notify {
    /// Takes an event in: what people are told of it, and what webhooks are sent. The same one twice does nothing the
    /// second time.
    pub(in crate::notify) async fn take_in(&self, cx: &Context, event: &Envelope) -> Result<()> {
        let audience = Audience::of(event)?;
        let body = serde_json::to_string(event).map_err(Error::internal)?;
        let Parts { db, streams, .. } = &*self.0;
        db.with_tx(cx, async |mut unit| {
            if !self.is_new(unit.connection(), &event.id).await? {
                return Ok(());
            }
            for tiding in &audience.people {
                self.tell(unit.connection(), &event.id, tiding).await?;
            }
            let webhooks = match &audience.partner {
                Some(partner) => wanting(unit.connection(), partner, &event.topic).await?,
                None => Vec::new(),
            };
            for webhook in &webhooks {
                self.send(cx, &mut unit, webhook, event, &body).await?;
            }
            tracing::info!(
                event = event.id,
                topic = event.topic,
                people = audience.people.len(),
                webhooks = webhooks.len(),
                "event taken in"
            );
            let people: Vec<_> = audience
                .people
                .iter()
                .map(|one| one.user_id.clone())
                .collect();
            let streams = streams.clone();
            // After the commit: who wakes earlier finds nothing.
            unit.on_commit(move |_| people.iter().for_each(|user| streams.ring(user)));
            Ok(())
        })
        .await
    }

    async fn is_new(&self, conn: &mut SqliteConnection, event_id: &str) -> Result<bool> {
        let taken = sqlx::query("INSERT OR IGNORE INTO inbox (event_id, created_ms) VALUES (?, ?)")
            .bind(event_id)
            .bind(self.now_ms())
            .execute(conn)
            .await?;
        Ok(taken.rows_affected() == 1)
    }

    async fn tell(
        &self,
        conn: &mut SqliteConnection,
        event_id: &str,
        tiding: &Tiding,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO notifications (id, user_id, kind, data, event_id, created_ms) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT DO NOTHING",
        )
        .bind(new_id().to_string())
        .bind(&tiding.user_id)
        .bind(tiding.kind.name())
        .bind(tiding.data.to_string())
        .bind(event_id)
        .bind(self.now_ms())
        .execute(conn)
        .await?;
        Ok(())
    }

    /// Writes a delivery down, with the job that makes it.
    async fn send(
        &self,
        cx: &Context,
        unit: &mut UnitOfWork,
        webhook: &str,
        event: &Envelope,
        body: &str,
    ) -> Result<()> {
        let delivery_id = new_id().to_string();
        let now = self.now_ms();
        let added = sqlx::query(
            "INSERT INTO webhook_deliveries (id, webhook_id, event_id, topic, body, created_ms, since_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(&delivery_id)
        .bind(webhook)
        .bind(&event.id)
        .bind(&event.topic)
        .bind(body)
        .bind(now)
        .bind(now)
        .execute(unit.connection())
        .await?;
        if added.rows_affected() == 0 {
            return Ok(());
        }
        let job = NewJob::new(&Deliver { delivery_id })?;
        let job = job.max_attempts(self.0.settings.max_attempts);
        self.0.queue.enqueue_in(cx, unit, job).await.map(drop)
    }
}

/// The webhooks of a partner that want this topic.
async fn wanting(conn: &mut SqliteConnection, partner: &str, topic: &str) -> Result<Vec<String>> {
    let found = sqlx::query_scalar(
        "SELECT id FROM webhooks WHERE owner_id = ? AND disabled_ms IS NULL
         AND EXISTS (SELECT 1 FROM json_each(topics) WHERE value IN (?, ?)) ORDER BY id",
    )
    .bind(partner)
    .bind(topic)
    .bind(ALL_TOPICS)
    .fetch_all(conn)
    .await?;
    Ok(found)
}
