//! Wallets: seen by their owners, and money from one to another.

use axum::extract::State;
use garde::Validate;
use http::StatusCode;
use ovasabi_auth::Principal;
use ovasabi_auth::policy::Ownership;
use ovasabi_core::repository::Page;
use ovasabi_core::{Code, Context, Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::keyed::Keyed;
use crate::http_api::{Json, Listed, PageQuery, ValidPath, ValidQuery};
use crate::rewards::Rewards;
use crate::rewards::repository::idempotency::Answer;
use crate::rewards::repository::ledger::{self, Entry, Transfer, Wallet};

const ENTRIES: &str = "entries of a wallet, oldest first";

/// A wallet. Amounts are in minor units: cents.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WalletView {
    id: String,
    balance_minor: i64,
}

impl From<Wallet> for WalletView {
    fn from(wallet: Wallet) -> Self {
        Self {
            id: wallet.id,
            balance_minor: wallet.balance_minor,
        }
    }
}

/// The caller's wallet.
#[utoipa::path(get, path = "/v1/wallet", tag = "wallet", operation_id = "get_own_wallet", responses(
    (status = 200, body = WalletView),
    (status = 404, description = "It is not open yet."),
))]
pub(super) async fn own(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Principal,
) -> Result<Json<WalletView>> {
    let wallet = own_wallet(&rewards, &cx, &caller).await?;
    Ok(Json(wallet.into()))
}

/// What has gone through the caller's wallet, oldest first.
#[utoipa::path(get, path = "/v1/wallet/entries", tag = "wallet", operation_id = "list_own_entries", params(PageQuery), responses(
    (status = 200, body = Listed<Entry>),
    (status = 404, description = "It is not open yet."),
))]
pub(super) async fn own_entries(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Principal,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Json<Listed<Entry>>> {
    let wallet = own_wallet(&rewards, &cx, &caller).await?;
    entries_of(&rewards, &cx, &wallet, &page).await
}

/// A wallet of the caller's, by its id.
#[utoipa::path(get, path = "/v1/wallets/{id}", tag = "wallet", operation_id = "get_wallet", params(("id" = String, Path, description = "The id of the wallet.")),
    responses((status = 200, body = WalletView)))]
pub(super) async fn wallet(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Principal,
    ValidPath(id): ValidPath<String>,
) -> Result<Json<WalletView>> {
    let wallet = opened(&rewards, &cx, &caller, &id).await?;
    Ok(Json(wallet.into()))
}

/// What has gone through a wallet of the caller's, oldest first.
#[utoipa::path(get, path = "/v1/wallets/{id}/entries", tag = "wallet", operation_id = "list_entries", params(("id" = String, Path, description = "The id of the wallet."), PageQuery),
    responses((status = 200, body = Listed<Entry>)))]
pub(super) async fn entries(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Principal,
    ValidPath(id): ValidPath<String>,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Json<Listed<Entry>>> {
    let wallet = opened(&rewards, &cx, &caller, &id).await?;
    entries_of(&rewards, &cx, &wallet, &page).await
}

/// Money from the caller's own wallet to another. Who pays is never in the body.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferRequest {
    /// The id of the wallet that is paid.
    #[schema(min_length = 1, max_length = 64)]
    #[garde(length(min = 1, max = 64))]
    to: String,
    #[schema(minimum = 1, maximum = 100_000_000, example = 250)]
    #[garde(range(min = 1, max = 100_000_000))]
    amount_minor: i64,
    #[serde(default)]
    #[schema(max_length = 140)]
    #[garde(length(chars, max = 140))]
    memo: String,
}

/// A transfer that was made, and what it left.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Transferred {
    transfer_id: String,
    /// The id of the wallet that has paid.
    from: String,
    /// The id of the wallet that was paid.
    to: String,
    amount_minor: i64,
    /// What is left to the payer, in minor units.
    balance_minor: i64,
}

/// Moves money from the caller's wallet to another one.
#[utoipa::path(post, path = "/v1/wallet/transfers", tag = "wallet", operation_id = "transfer", request_body = TransferRequest,
    params(("idempotency-key" = String, Header, min_length = 1, max_length = 200)),
    responses(
        (status = 201, body = Transferred, headers(("idempotency-replayed" = String))),
        (status = 404, description = "The caller's wallet is not open yet."),
))]
pub(super) async fn transfer(
    State(rewards): State<Rewards>,
    cx: Context,
    caller: Principal,
    keyed: Keyed,
) -> Result<Answer> {
    let (request, asked) = keyed.read::<TransferRequest>()?;
    rewards
        .db()
        .with_tx(&cx, async |mut unit| {
            let mut tx = rewards.tx(&cx, &mut unit);
            if let Some(known) = tx.recall(caller.id(), &request).await? {
                return Ok(known);
            }
            let from = ledger::wallet_of(tx.conn(), caller.id()).await?;
            let from = ownership().open(&caller, from.map(Wallet::owned))?;
            let to = ledger::wallet(tx.conn(), &asked.to).await?;
            // Neither the system nor a campaign is paid by people.
            let to = to.filter(|to| to.owner_id.is_some());
            let to = to.ok_or_else(ledger::unknown_recipient)?;
            if from.id == to.id {
                return Err(own_wallet_twice());
            }
            let posted = tx
                .post(Transfer {
                    from: &from.id,
                    to: &to.id,
                    amount_minor: asked.amount_minor,
                    memo: &asked.memo,
                    referral_id: None,
                })
                .await?;
            let transferred = Transferred {
                transfer_id: posted.transfer_id,
                from: from.id,
                to: to.id,
                amount_minor: asked.amount_minor,
                balance_minor: posted.balance_minor,
            };
            let answer = Answer::json(StatusCode::CREATED, &transferred)?;
            tx.remember(caller.id(), &request, answer).await
        })
        .await
}

/// A wallet opens for its owner. To all others it does not exist: an id that can be probed is a leak.
fn ownership() -> Ownership {
    Ownership::hidden("wallet.not_found")
}

async fn own_wallet(rewards: &Rewards, cx: &Context, caller: &Principal) -> Result<Wallet> {
    let mut conn = rewards.db().read(cx).await?;
    let wallet = ledger::wallet_of(conn.connection(), caller.id()).await?;
    ownership().open(caller, wallet.map(Wallet::owned))
}

async fn opened(rewards: &Rewards, cx: &Context, caller: &Principal, id: &str) -> Result<Wallet> {
    let mut conn = rewards.db().read(cx).await?;
    let wallet = ledger::wallet(conn.connection(), id).await?;
    ownership().open(caller, wallet.map(Wallet::owned))
}

async fn entries_of(
    rewards: &Rewards,
    cx: &Context,
    wallet: &Wallet,
    page: &PageQuery,
) -> Result<Json<Listed<Entry>>> {
    let request = page.request()?;
    let after: Option<String> = request.cursor().map(|at| at.key(ENTRIES)).transpose()?;
    let (after, rows) = (after.unwrap_or_default(), request.rows());
    let mut conn = rewards.db().read(cx).await?;
    let found = ledger::entries(conn.connection(), &wallet.id, &after, rows).await?;
    let page = Page::cut(found, &request, ENTRIES, |last| last.id.clone())?;
    Ok(Json(page.into()))
}

fn own_wallet_twice() -> Error {
    Error::new(Code::InvalidArgument, "wallet.own_wallet").violation(
        "to",
        "other_wallet",
        "a transfer needs two wallets",
    )
}
