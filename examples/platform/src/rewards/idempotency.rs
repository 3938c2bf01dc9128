//! A key that is sent twice does its work once and is answered twice alike.

use ovasabi_core::{Code, Error, Result};
use sqlx::SqliteConnection;

use super::ledger::Ledger;
use super::wallet::Transferred;

/// The longest key, in bytes.
const MAX_KEY: usize = 200;

/// The key of a request. Two are none: nobody could say which of them is meant.
pub(super) fn key(headers: &http::HeaderMap) -> Result<&str> {
    let mut sent = headers.get_all("idempotency-key").iter();
    let key = match (sent.next(), sent.next()) {
        (Some(one), None) => one.to_str().unwrap_or_default(),
        _ => "",
    };
    if (1..=MAX_KEY).contains(&key.len()) {
        return Ok(key);
    }
    Err(
        Error::new(Code::InvalidArgument, "idempotency.key").violation(
            "Idempotency-Key",
            "required",
            "is required once, with 1 to 200 ASCII characters",
        ),
    )
}

/// The answer that this caller's key was given before, if it was for the same request.
pub(super) async fn recall(
    conn: &mut SqliteConnection,
    caller: &str,
    key: &str,
    request: &str,
) -> Result<Option<Transferred>> {
    let known: Option<(String, String)> =
        sqlx::query_as("SELECT request, answer FROM idempotency WHERE caller = ? AND key = ?")
            .bind(caller)
            .bind(key)
            .fetch_optional(conn)
            .await?;
    match known {
        None => Ok(None),
        Some((before, answer)) if before == request => Ok(Some(
            serde_json::from_str(&answer).map_err(Error::internal)?,
        )),
        Some(_) => Err(Error::new(Code::InvalidArgument, "idempotency.key_reused")
            .detail("this key was sent before with another request")
            .with_http_status(http::StatusCode::UNPROCESSABLE_ENTITY)),
    }
}

/// Keeps the answer, in the transaction that did the work.
pub(super) async fn remember(
    ledger: &Ledger,
    conn: &mut SqliteConnection,
    caller: &str,
    key: &str,
    request: &str,
    answer: &Transferred,
) -> Result<()> {
    let answer = serde_json::to_string(answer).map_err(Error::internal)?;
    sqlx::query(
        "INSERT INTO idempotency (caller, key, request, answer, created_ms) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(caller)
    .bind(key)
    .bind(request)
    .bind(answer)
    .bind(ledger.now_ms())
    .execute(conn)
    .await?;
    Ok(())
}
