//! What the service knows of people: that they are there, and a wallet for each.

use ovasabi_core::Result;
use ovasabi_core::repository::new_id;

use super::Tx;
use super::ledger::{SYSTEM, Transfer};

impl Tx<'_> {
    /// Notes that an event is taken in; `false` when it was before.
    pub(in crate::rewards) async fn take_in(&mut self, event_id: &str) -> Result<bool> {
        let now = self.now_ms;
        let taken = sqlx::query("INSERT OR IGNORE INTO inbox (event_id, created_ms) VALUES (?, ?)")
            .bind(event_id)
            .bind(now)
            .execute(self.conn())
            .await?;
        Ok(taken.rows_affected() == 1)
    }

    /// Opens the wallet of a new user, with a credit if there is one; one that is open stays as it is.
    pub(in crate::rewards) async fn welcome(
        &mut self,
        user: &str,
        display_name: &str,
        credit_minor: Option<i64>,
    ) -> Result<()> {
        let (now, wallet) = (self.now_ms, new_id().to_string());
        let opened = sqlx::query(
            "INSERT INTO wallets (id, owner_id, kind, display_name, created_ms) VALUES (?, ?, 'user', ?, ?) ON CONFLICT (owner_id) DO NOTHING",
        )
        .bind(&wallet)
        .bind(user)
        .bind(display_name)
        .bind(now)
        .execute(self.conn())
        .await?;
        if let Some(amount_minor) = credit_minor.filter(|_| opened.rows_affected() == 1) {
            let credit = Transfer {
                from: SYSTEM,
                to: &wallet,
                amount_minor,
                memo: "welcome",
                referral_id: None,
            };
            self.post(credit).await?;
        }
        Ok(())
    }
}
