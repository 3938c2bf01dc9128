//! The ledger: money moves in one transaction or not at all.

use ovasabi_auth::policy::Owned;
use ovasabi_core::repository::new_id;
use ovasabi_core::{Code, Error, Result};
use serde::Serialize;
use sqlx::{FromRow, SqliteConnection};

use super::Tx;
use crate::contract::{WalletCredited, topic};

/// The wallet that pays for credits and budgets.
pub(in crate::rewards) const SYSTEM: &str = "system";

/// A wallet. Amounts are in minor units: cents.
#[derive(Clone, Debug, FromRow)]
pub(in crate::rewards) struct Wallet {
    pub(in crate::rewards) id: String,
    pub(in crate::rewards) owner_id: Option<String>,
    pub(in crate::rewards) balance_minor: i64,
}

/// One side of a transfer.
#[derive(Clone, Debug, Serialize, FromRow, utoipa::ToSchema)]
#[schema(as = WalletEntry)]
pub(in crate::rewards) struct Entry {
    pub(in crate::rewards) id: String,
    pub(in crate::rewards) transfer_id: String,
    /// In minor units; below zero for what was paid out of the wallet.
    pub(in crate::rewards) amount_minor: i64,
    pub(in crate::rewards) memo: String,
    pub(in crate::rewards) created_ms: i64,
}

/// Money that is to move.
#[derive(Clone, Copy, Debug)]
pub(in crate::rewards) struct Transfer<'a> {
    pub(in crate::rewards) from: &'a str,
    pub(in crate::rewards) to: &'a str,
    pub(in crate::rewards) amount_minor: i64,
    pub(in crate::rewards) memo: &'a str,
    /// The referral that is rewarded by it.
    pub(in crate::rewards) referral_id: Option<&'a str>,
}

/// A transfer that was made, and what it left to the payer.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::rewards) struct Posted {
    pub(in crate::rewards) transfer_id: String,
    pub(in crate::rewards) balance_minor: i64,
}

impl Wallet {
    /// Shut until its owner comes. The wallets of the system and of campaigns have none, and open for nobody.
    pub(in crate::rewards) fn owned(self) -> Owned<Self> {
        Owned::new(self.owner_id.clone().unwrap_or_default(), self)
    }
}

/// The wallet of this id.
pub(in crate::rewards) async fn wallet(
    conn: &mut SqliteConnection,
    id: &str,
) -> Result<Option<Wallet>> {
    let found = sqlx::query_as("SELECT id, owner_id, balance_minor FROM wallets WHERE id = ?");
    Ok(found.bind(id).fetch_optional(conn).await?)
}

/// The wallet of this user.
pub(in crate::rewards) async fn wallet_of(
    conn: &mut SqliteConnection,
    owner: &str,
) -> Result<Option<Wallet>> {
    let found =
        sqlx::query_as("SELECT id, owner_id, balance_minor FROM wallets WHERE owner_id = ?");
    Ok(found.bind(owner).fetch_optional(conn).await?)
}

/// The id of the wallet of this campaign.
pub(in crate::rewards) async fn wallet_of_campaign(
    conn: &mut SqliteConnection,
    campaign: &str,
) -> Result<String> {
    let found = sqlx::query_scalar("SELECT id FROM wallets WHERE campaign_id = ?");
    Ok(found.bind(campaign).fetch_one(conn).await?)
}

/// The entries of a wallet after the entry `after`, oldest first.
pub(in crate::rewards) async fn entries(
    conn: &mut SqliteConnection,
    wallet: &str,
    after: &str,
    rows: u32,
) -> Result<Vec<Entry>> {
    let found = sqlx::query_as(
        "SELECT e.id, e.transfer_id, e.amount_minor, t.memo, t.created_ms \
         FROM entries e JOIN transfers t ON t.id = e.transfer_id \
         WHERE e.wallet_id = ? AND e.id > ? ORDER BY e.id LIMIT ?",
    );
    let found = found.bind(wallet).bind(after).bind(rows);
    Ok(found.fetch_all(conn).await?)
}

impl Tx<'_> {
    /// Opens the wallet of the system, if it is not open.
    pub(in crate::rewards) async fn open_system_wallet(&mut self) -> Result<()> {
        let now = self.now_ms;
        sqlx::query("INSERT OR IGNORE INTO wallets (id, kind, created_ms) VALUES (?, 'system', ?)")
            .bind(SYSTEM)
            .bind(now)
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Moves money: the transfer, its two entries, both balances, and the event for who is paid.
    pub(in crate::rewards) async fn post(&mut self, transfer: Transfer<'_>) -> Result<Posted> {
        let Transfer {
            from,
            to,
            amount_minor,
            memo,
            referral_id,
        } = transfer;
        let (now, transfer_id) = (self.now_ms, new_id().to_string());
        // Taken first, and only if it is there: the row is the lock, and the check is the database's.
        let balance_minor: Option<i64> = sqlx::query_scalar(
            "UPDATE wallets SET balance_minor = balance_minor - ?1 \
             WHERE id = ?2 AND (kind = 'system' OR balance_minor >= ?1) RETURNING balance_minor",
        )
        .bind(amount_minor)
        .bind(from)
        .fetch_optional(self.conn())
        .await?;
        let balance_minor = balance_minor.ok_or_else(insufficient)?;
        let owner: Option<Option<String>> = sqlx::query_scalar(
            "UPDATE wallets SET balance_minor = balance_minor + ? WHERE id = ? RETURNING owner_id",
        )
        .bind(amount_minor)
        .bind(to)
        .fetch_optional(self.conn())
        .await?;
        let owner = owner.ok_or_else(unknown_recipient)?;
        sqlx::query(
            "INSERT INTO transfers (id, from_wallet, to_wallet, amount_minor, memo, referral_id, created_ms) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&transfer_id)
        .bind(from)
        .bind(to)
        .bind(amount_minor)
        .bind(memo)
        .bind(referral_id)
        .bind(now)
        .execute(self.conn())
        .await?;
        for (wallet, amount) in [(from, -amount_minor), (to, amount_minor)] {
            sqlx::query("INSERT INTO entries (id, transfer_id, wallet_id, amount_minor) VALUES (?, ?, ?, ?)")
                .bind(new_id().to_string())
                .bind(&transfer_id)
                .bind(wallet)
                .bind(amount)
                .execute(self.conn())
                .await?;
        }
        if let Some(owner_id) = owner {
            let credited = WalletCredited {
                wallet_id: to.to_owned(),
                owner_id,
                transfer_id: transfer_id.clone(),
                amount_minor,
                memo: memo.to_owned(),
            };
            self.tell(topic::WALLET_CREDITED, &credited.owner_id, &credited)
                .await?;
        }
        Ok(Posted {
            transfer_id,
            balance_minor,
        })
    }
}

fn insufficient() -> Error {
    Error::new(Code::FailedPrecondition, "wallet.insufficient_funds")
        .detail("the wallet does not hold this amount")
        .with_http_status(http::StatusCode::UNPROCESSABLE_ENTITY)
}

pub(in crate::rewards) fn unknown_recipient() -> Error {
    Error::new(Code::InvalidArgument, "wallet.unknown_recipient").violation(
        "to",
        "exists",
        "no such wallet",
    )
}
