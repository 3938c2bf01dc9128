//! The routes of the rewards service.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use garde::Validate;
use ovasabi_auth::policy::{Ownership, RequireLayer};
use ovasabi_auth::token::AccessTokenVerifier;
use ovasabi_auth::{AuthLayer, Principal};
use ovasabi_core::{Context, Result};
use serde::{Deserialize, Serialize};

use super::events::events;
use super::idempotency;
use super::ledger::{Ledger, Transfer};
use super::wallet::{Entry, Transferred, Wallet};
use crate::contract::EVENTS_SCOPE;
use crate::http_api::{Json, ValidJson, ValidPath, ValidQuery};

/// All routes, behind a token each.
pub(crate) fn router(ledger: Ledger, verifier: AccessTokenVerifier) -> Router {
    let internal = Router::new()
        .route("/internal/events", post(events))
        .layer(RequireLayer::scope(EVENTS_SCOPE));
    Router::new()
        .route("/v1/wallet", get(own_wallet))
        .route("/v1/wallet/transfers", post(transfer))
        .route("/v1/wallets/{id}", get(wallet))
        .route("/v1/wallets/{id}/entries", get(entries))
        .merge(internal)
        .layer(AuthLayer::required(verifier))
        .with_state(ledger)
}

/// A wallet opens for its owner. To all others it does not exist: an id that can be probed is a leak.
fn ownership() -> Ownership {
    Ownership::hidden("wallet.not_found")
}

async fn own_wallet(
    State(ledger): State<Ledger>,
    cx: Context,
    caller: Principal,
) -> Result<Json<Wallet>> {
    let wallet = ledger.wallet_of(&cx, caller.id()).await?;
    ownership()
        .open(&caller, wallet.map(Wallet::owned))
        .map(Json)
}

async fn wallet(
    State(ledger): State<Ledger>,
    cx: Context,
    caller: Principal,
    ValidPath(id): ValidPath<String>,
) -> Result<Json<Wallet>> {
    let wallet = ledger.wallet(&cx, &id).await?;
    ownership()
        .open(&caller, wallet.map(Wallet::owned))
        .map(Json)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    #[serde(default)]
    after: String,
    limit: Option<u32>,
}

#[derive(Debug, Serialize)]
struct Entries {
    items: Vec<Entry>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

async fn entries(
    State(ledger): State<Ledger>,
    cx: Context,
    caller: Principal,
    ValidPath(id): ValidPath<String>,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Json<Entries>> {
    let wallet = ledger.wallet(&cx, &id).await?;
    let wallet = ownership().open(&caller, wallet.map(Wallet::owned))?;
    let limit = page.limit.unwrap_or(50).clamp(1, 200);
    // One more than asked for tells whether there is a next page, without counting.
    let mut items = ledger
        .entries(&cx, &wallet.id, &page.after, limit + 1)
        .await?;
    let has_more = items.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if has_more {
        items.pop();
    }
    let next = items
        .last()
        .filter(|_| has_more)
        .map(|entry| entry.id.clone());
    Ok(Json(Entries { items, next }))
}

/// Money from the caller's own wallet to another. Who pays is never in the body.
#[derive(Debug, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
struct TransferRequest {
    #[garde(length(min = 1, max = 64))]
    to: String,
    #[garde(range(min = 1, max = 100_000_000))]
    amount_minor: i64,
    #[serde(default)]
    #[garde(length(chars, max = 140))]
    memo: String,
}

async fn transfer(
    State(ledger): State<Ledger>,
    cx: Context,
    caller: Principal,
    headers: HeaderMap,
    ValidJson(request): ValidJson<TransferRequest>,
) -> Result<(StatusCode, Json<Transferred>)> {
    let key = idempotency::key(&headers)?;
    let wallet = ledger.wallet_of(&cx, caller.id()).await?;
    let wallet = ownership().open(&caller, wallet.map(Wallet::owned))?;
    if wallet.id == request.to {
        return Err(ovasabi_core::Error::new(
            ovasabi_core::Code::InvalidArgument,
            "wallet.own_wallet",
        )
        .violation("to", "other_wallet", "a transfer needs two wallets"));
    }
    let asked = serde_json::to_string(&request).map_err(ovasabi_core::Error::internal)?;
    let done = ledger
        .db()
        .with_tx(&cx, async |mut uow| {
            let conn = uow.connection();
            if let Some(known) = idempotency::recall(conn, caller.id(), key, &asked).await? {
                return Ok(known);
            }
            let TransferRequest {
                to,
                amount_minor,
                memo,
            } = &request;
            let transfer = Transfer {
                from: &wallet.id,
                to,
                amount_minor: *amount_minor,
                memo,
            };
            let done = ledger.post(conn, &transfer).await?;
            idempotency::remember(&ledger, conn, caller.id(), key, &asked, &done).await?;
            Ok(done)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(done)))
}
