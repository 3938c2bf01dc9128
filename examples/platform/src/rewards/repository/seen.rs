//! Signed requests that were taken in.

use ovasabi_core::{Error, Result};

use super::{Tx, is_refused};
use crate::contract::signature::{TOLERANCE, VerifiedId};
use crate::millis::millis;
use crate::rewards::domain::conflict;

impl Tx<'_> {
    /// Remembers a signed request for as long as its signature can be good, which may be of a clock that is ahead; the
    /// same one again is refused.
    pub(in crate::rewards) async fn see(
        &mut self,
        credential_id: &str,
        id: &VerifiedId,
    ) -> Result<()> {
        let until = self.now_ms.saturating_add(millis(TOLERANCE * 2));
        let seen = sqlx::query(
            "INSERT INTO seen_signatures (credential_id, webhook_id, expires_ms) VALUES (?, ?, ?)",
        )
        .bind(credential_id)
        .bind(id.as_str())
        .bind(until)
        .execute(self.conn())
        .await;
        seen.map(drop).map_err(|error| {
            match is_refused(
                &error,
                "seen_signatures.credential_id, seen_signatures.webhook_id",
            ) {
                true => conflict(
                    "signature.replayed",
                    "this signed request was sent before, under another key",
                ),
                false => Error::from(error),
            }
        })
    }
}
