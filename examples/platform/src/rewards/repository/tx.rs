//! A transaction at work.

use ovasabi_core::repository::UnitOfWork;
use ovasabi_core::repository::outbox::{NewEvent, Outbox};
use ovasabi_core::{Context, Result};
use serde::Serialize;
use sqlx::SqliteConnection;

/// One unit of work of this service: what it writes, it also tells, or neither.
pub(in crate::rewards) struct Tx<'a> {
    pub(in crate::rewards) cx: &'a Context,
    pub(in crate::rewards) unit: &'a mut UnitOfWork,
    pub(super) outbox: &'a Outbox,
    /// When all of it happens.
    pub(in crate::rewards) now_ms: i64,
}

impl<'a> Tx<'a> {
    pub(in crate::rewards) fn new(
        cx: &'a Context,
        unit: &'a mut UnitOfWork,
        outbox: &'a Outbox,
        now_ms: i64,
    ) -> Self {
        Self {
            cx,
            unit,
            outbox,
            now_ms,
        }
    }

    pub(in crate::rewards) fn conn(&mut self) -> &mut SqliteConnection {
        self.unit.connection()
    }

    /// Tells others of what this transaction does; the id of the event.
    pub(super) async fn tell(
        &mut self,
        topic: &'static str,
        key: &str,
        data: &impl Serialize,
    ) -> Result<String> {
        let event = NewEvent::new(topic, key, data)?;
        let id = self.outbox.put_in(self.cx, self.unit, event).await?;
        Ok(id.to_string())
    }
}
