//! What must always hold, whatever has happened.

use ovasabi_core::{Context, Result};

use super::ledger::{Ledger, WELCOME_MINOR};

/// How many things are wrong; all of it is zero, or money was made or lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Audit {
    /// Transfers whose entries do not add up to zero, or are not two.
    pub(crate) unbalanced_transfers: i64,
    /// Wallets whose balance is not the sum of their entries.
    pub(crate) wrong_balances: i64,
    /// Users who owe.
    pub(crate) negative_users: i64,
    /// Wallets that were not welcomed exactly once.
    pub(crate) wrong_welcomes: i64,
    /// How many transfers there are.
    pub(crate) transfers: i64,
}

impl Audit {
    /// Whether all is well.
    pub(crate) fn holds(&self) -> bool {
        Self {
            transfers: 0,
            ..*self
        } == Self::default()
    }
}

/// Looks through the whole ledger.
pub(crate) async fn audit(ledger: &Ledger, cx: &Context) -> Result<Audit> {
    let mut conn = ledger.db().read(cx).await?;
    let (unbalanced_transfers, wrong_balances, negative_users, wrong_welcomes, transfers) = sqlx::query_as(
        "SELECT \
         (SELECT count(*) FROM transfers t WHERE 0 <> (SELECT sum(amount_minor) FROM entries e \
            WHERE e.transfer_id = t.id) OR 2 <> (SELECT count(*) FROM entries e WHERE e.transfer_id = t.id)), \
         (SELECT count(*) FROM wallets w WHERE balance_minor <> (SELECT coalesce(sum(amount_minor), 0) \
            FROM entries e WHERE e.wallet_id = w.id)), \
         (SELECT count(*) FROM wallets WHERE kind = 'user' AND balance_minor < 0), \
         (SELECT count(*) FROM wallets w WHERE kind = 'user' AND 1 <> (SELECT count(*) FROM transfers t \
            WHERE t.to_wallet = w.id AND t.from_wallet = 'system' AND t.amount_minor = ?)), \
         (SELECT count(*) FROM transfers)",
    )
    .bind(WELCOME_MINOR)
    .fetch_one(conn.connection())
    .await?;
    Ok(Audit {
        unbalanced_transfers,
        wrong_balances,
        negative_users,
        wrong_welcomes,
        transfers,
    })
}
