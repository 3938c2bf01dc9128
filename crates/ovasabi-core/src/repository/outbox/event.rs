//! What is told.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::backoff::Random;
use crate::repository::stored::Carried;
use crate::{Code, Context, Error, Result};

/// An event that is to be written down.
#[derive(Clone, Debug)]
#[must_use = "an event is nothing until it is put into an outbox"]
pub struct NewEvent {
    pub(super) topic: &'static str,
    pub(super) key: String,
    pub(super) payload: String,
}

/// An event as it stands in an outbox.
#[derive(Clone, Debug)]
pub struct Event {
    pub(super) seq: i64,
    pub(super) attempts: u32,
    id: Uuid,
    topic: String,
    key: String,
    payload: String,
    created_ms: i64,
    carried: Carried,
}

impl NewEvent {
    /// The longest payload, in bytes: 1 MiB.
    pub const MAX_PAYLOAD_BYTES: usize = 1 << 20;

    /// An event of this topic, such as `accounts.user.registered.v1`. Those of one `key`, mostly the id of what it tells of,
    /// are sent in their order.
    ///
    /// # Errors
    /// `InvalidArgument` when the payload does not serialise, or is longer than
    /// [`MAX_PAYLOAD_BYTES`](Self::MAX_PAYLOAD_BYTES).
    pub fn new(
        topic: &'static str,
        key: impl Into<String>,
        payload: &impl Serialize,
    ) -> Result<Self> {
        let refused = |detail: String| {
            Error::new(Code::InvalidArgument, "outbox.payload").violation(topic, "payload", detail)
        };
        let payload = serde_json::to_string(payload);
        let payload = payload.map_err(|error| refused(error.to_string()))?;
        if payload.len() > Self::MAX_PAYLOAD_BYTES {
            let (length, max) = (payload.len(), Self::MAX_PAYLOAD_BYTES);
            return Err(refused(format!("{length} bytes, expected at most {max}")));
        }
        Ok(Self {
            topic,
            key: key.into(),
            payload,
        })
    }
}

impl Event {
    pub(super) fn read(row: &SqliteRow) -> Result<Self> {
        let id: String = row.try_get("id")?;
        Ok(Self {
            seq: row.try_get("seq")?,
            attempts: row.try_get("attempts")?,
            id: Uuid::parse_str(&id).map_err(Error::internal)?,
            topic: row.try_get("topic")?,
            key: row.try_get("key")?,
            payload: row.try_get("payload")?,
            created_ms: row.try_get("created_ms")?,
            carried: Carried::read(row)?,
        })
    }

    /// Its id, the same however often it is sent: whoever receives it keeps it, and knows it the second time.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// What kind of event it is.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// What it tells of.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What it says, as JSON.
    #[must_use]
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// When it was written down.
    #[must_use]
    pub fn created_at(&self) -> SystemTime {
        let since = Duration::from_millis(self.created_ms.max(0).unsigned_abs());
        UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
    }

    /// `cx`, with the trace and the request id of whoever has written it down.
    #[must_use]
    pub fn context(&self, cx: &Context, random: &Random) -> Context {
        self.carried.restore(cx, random)
    }
}
