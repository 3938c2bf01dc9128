//! The ledger: money moves in one transaction or not at all.

use ovasabi_core::repository::{Db, Migrations, new_id};
use ovasabi_core::time::WallClock;
use ovasabi_core::{Code, Context, Error, Result};
use sqlx::SqliteConnection;

use super::wallet::{Entry, Transferred, Wallet};

/// What a new user finds in the wallet: 10.00.
pub(crate) const WELCOME_MINOR: i64 = 1_000;

const MIGRATIONS: Migrations =
    Migrations::new(&[(1, "create the ledger", include_str!("schema.sql"))]);

/// The wallet that pays the welcome credits.
const SYSTEM: &str = "system";

/// The wallets and what has moved between them. Clones share the database.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    db: Db,
    clock: WallClock,
}

/// Money that is to move.
#[derive(Clone, Debug)]
pub(super) struct Transfer<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) amount_minor: i64,
    pub(super) memo: &'a str,
}

impl Ledger {
    /// Brings the database up to date and opens the system's wallet.
    pub(crate) async fn open(db: Db, clock: WallClock, cx: &Context) -> Result<Self> {
        db.migrate(cx, &MIGRATIONS).await?;
        let ledger = Self { db, clock };
        ledger
            .db
            .with_tx(cx, async |mut uow| {
                sqlx::query(
                    "INSERT OR IGNORE INTO wallets (id, kind, created_ms) VALUES (?, 'system', ?)",
                )
                .bind(SYSTEM)
                .bind(ledger.now_ms())
                .execute(uow.connection())
                .await?;
                Ok(())
            })
            .await?;
        Ok(ledger)
    }

    pub(super) fn db(&self) -> &Db {
        &self.db
    }

    pub(super) fn now_ms(&self) -> i64 {
        i64::try_from(self.clock.since_epoch().as_millis()).unwrap_or(i64::MAX)
    }

    /// The wallet of this id.
    pub(super) async fn wallet(&self, cx: &Context, id: &str) -> Result<Option<Wallet>> {
        let mut conn = self.db.read(cx).await?;
        let found = sqlx::query_as("SELECT id, owner_id, balance_minor FROM wallets WHERE id = ?")
            .bind(id)
            .fetch_optional(conn.connection())
            .await?;
        Ok(found)
    }

    /// The wallet of this user.
    pub(super) async fn wallet_of(&self, cx: &Context, owner: &str) -> Result<Option<Wallet>> {
        let mut conn = self.db.read(cx).await?;
        let found =
            sqlx::query_as("SELECT id, owner_id, balance_minor FROM wallets WHERE owner_id = ?")
                .bind(owner)
                .fetch_optional(conn.connection())
                .await?;
        Ok(found)
    }

    /// The entries of a wallet after the entry `after`, oldest first.
    pub(super) async fn entries(
        &self,
        cx: &Context,
        wallet: &str,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Entry>> {
        let mut conn = self.db.read(cx).await?;
        let found = sqlx::query_as(
            "SELECT e.id, e.transfer_id, e.amount_minor, t.memo, t.created_ms \
             FROM entries e JOIN transfers t ON t.id = e.transfer_id \
             WHERE e.wallet_id = ? AND e.id > ? ORDER BY e.id LIMIT ?",
        )
        .bind(wallet)
        .bind(after)
        .bind(limit)
        .fetch_all(conn.connection())
        .await?;
        Ok(found)
    }

    /// Opens the wallet of a new user with the welcome credit, once per event.
    pub(super) async fn welcome(&self, cx: &Context, event_id: &str, user: &str) -> Result<()> {
        self.db
            .with_tx(cx, async |mut uow| {
                let conn = uow.connection();
                let taken =
                    sqlx::query("INSERT OR IGNORE INTO inbox (event_id, created_ms) VALUES (?, ?)")
                        .bind(event_id)
                        .bind(self.now_ms())
                        .execute(&mut *conn)
                        .await?;
                if taken.rows_affected() == 0 {
                    return Ok(());
                }
                let wallet = new_id().to_string();
                sqlx::query(
                    "INSERT INTO wallets (id, owner_id, kind, created_ms) VALUES (?, ?, 'user', ?)",
                )
                .bind(&wallet)
                .bind(user)
                .bind(self.now_ms())
                .execute(&mut *conn)
                .await?;
                let credit = Transfer {
                    from: SYSTEM,
                    to: &wallet,
                    amount_minor: WELCOME_MINOR,
                    memo: "welcome",
                };
                self.post(conn, &credit).await.map(|_| ())
            })
            .await
    }

    /// Moves money within the caller's transaction: the transfer, its two entries and both balances.
    pub(super) async fn post(
        &self,
        conn: &mut SqliteConnection,
        transfer: &Transfer<'_>,
    ) -> Result<Transferred> {
        let Transfer {
            from,
            to,
            amount_minor,
            memo,
        } = *transfer;
        let transfer_id = new_id().to_string();
        // Taken first, and only if it is there: the row is the lock, and the check is the database's.
        let taken = sqlx::query(
            "UPDATE wallets SET balance_minor = balance_minor - ?1 \
             WHERE id = ?2 AND (kind = 'system' OR balance_minor >= ?1)",
        )
        .bind(amount_minor)
        .bind(from)
        .execute(&mut *conn)
        .await?;
        if taken.rows_affected() == 0 {
            return Err(insufficient());
        }
        // The system only pays: what a user sent there, no one could ever open again.
        let given = sqlx::query(
            "UPDATE wallets SET balance_minor = balance_minor + ? WHERE id = ? AND kind = 'user'",
        )
        .bind(amount_minor)
        .bind(to)
        .execute(&mut *conn)
        .await?;
        if given.rows_affected() == 0 {
            return Err(unknown_recipient());
        }
        sqlx::query(
            "INSERT INTO transfers (id, from_wallet, to_wallet, amount_minor, memo, created_ms) \
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(&transfer_id)
        .bind(from)
        .bind(to)
        .bind(amount_minor)
        .bind(memo)
        .bind(self.now_ms())
        .execute(&mut *conn)
        .await?;
        for (wallet, amount) in [(from, -amount_minor), (to, amount_minor)] {
            sqlx::query("INSERT INTO entries (id, transfer_id, wallet_id, amount_minor) VALUES (?, ?, ?, ?)")
                .bind(new_id().to_string())
                .bind(&transfer_id)
                .bind(wallet)
                .bind(amount)
                .execute(&mut *conn)
                .await?;
        }
        let balance_minor = sqlx::query_scalar("SELECT balance_minor FROM wallets WHERE id = ?")
            .bind(from)
            .fetch_one(&mut *conn)
            .await?;
        Ok(Transferred {
            transfer_id,
            from: from.to_owned(),
            to: to.to_owned(),
            amount_minor,
            balance_minor,
        })
    }
}

fn insufficient() -> Error {
    Error::new(Code::FailedPrecondition, "wallet.insufficient_funds")
        .detail("the wallet does not hold this amount")
        .with_http_status(http::StatusCode::UNPROCESSABLE_ENTITY)
}

fn unknown_recipient() -> Error {
    Error::new(Code::InvalidArgument, "wallet.unknown_recipient").violation(
        "to",
        "exists",
        "no such wallet",
    )
}
