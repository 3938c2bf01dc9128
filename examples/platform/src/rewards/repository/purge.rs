//! What has served its time.

use ovasabi_core::Result;

use super::Tx;

impl Tx<'_> {
    /// Removes up to `rows` of each: answers and signatures whose time is over, and events that were taken in before
    /// `inbox_before_ms`. Says how many went.
    pub(in crate::rewards) async fn purge(
        &mut self,
        inbox_before_ms: i64,
        rows: u32,
    ) -> Result<u64> {
        let now = self.now_ms;
        let mut removed = 0;
        for (delete, before) in [
            (
                "DELETE FROM idempotency WHERE (principal, route, key) IN \
                    (SELECT principal, route, key FROM idempotency WHERE expires_ms <= ? LIMIT ?)",
                now,
            ),
            (
                "DELETE FROM seen_signatures WHERE (credential_id, webhook_id) IN \
                    (SELECT credential_id, webhook_id FROM seen_signatures WHERE expires_ms < ? LIMIT ?)",
                now,
            ),
            (
                "DELETE FROM inbox WHERE event_id IN (SELECT event_id FROM inbox WHERE created_ms <= ? LIMIT ?)",
                inbox_before_ms,
            ),
        ] {
            let deleted = sqlx::query(delete).bind(before).bind(rows);
            removed += deleted.execute(self.conn()).await?.rows_affected();
        }
        Ok(removed)
    }
}
