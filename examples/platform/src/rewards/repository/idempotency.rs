//! A key that is sent twice does its work once and is answered twice alike.
//!
//! The answer is kept with the work, or neither: what was refused has done nothing, and its key may be sent again.

use std::time::Duration;

use http::StatusCode;
use ovasabi_core::{Code, Error, Result};
use serde::Serialize;
use sqlx::FromRow;

use super::Tx;
use crate::millis::millis;

/// For how long an answer is kept.
pub(in crate::rewards) const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A request under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rewards) struct KeyedRequest {
    /// Method and path, with the names of its parameters.
    pub(in crate::rewards) route: String,
    pub(in crate::rewards) key: String,
    /// What makes it the same request: method, path and body.
    pub(in crate::rewards) hash: Vec<u8>,
}

/// What is answered, now and whenever the key is sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rewards) struct Answer {
    pub(in crate::rewards) status: StatusCode,
    pub(in crate::rewards) location: Option<String>,
    pub(in crate::rewards) body: Vec<u8>,
    pub(in crate::rewards) is_replayed: bool,
}

#[derive(FromRow)]
struct Row {
    request_hash: Vec<u8>,
    status: u16,
    location: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    pub(in crate::rewards) fn json(status: StatusCode, body: &impl Serialize) -> Result<Self> {
        Ok(Self {
            status,
            location: None,
            body: serde_json::to_vec(body).map_err(Error::internal)?,
            is_replayed: false,
        })
    }

    pub(in crate::rewards) fn at(self, location: String) -> Self {
        Self {
            location: Some(location),
            ..self
        }
    }
}

impl Tx<'_> {
    /// The answer that this caller's key was given before, if it was for the same request.
    pub(in crate::rewards) async fn recall(
        &mut self,
        principal: &str,
        request: &KeyedRequest,
    ) -> Result<Option<Answer>> {
        let now = self.now_ms;
        let known: Option<Row> = sqlx::query_as(
            "SELECT request_hash, status, location, body FROM idempotency \
             WHERE principal = ? AND route = ? AND key = ? AND expires_ms > ?",
        )
        .bind(principal)
        .bind(&request.route)
        .bind(&request.key)
        .bind(now)
        .fetch_optional(self.conn())
        .await?;
        match known {
            None => Ok(None),
            Some(known) if known.request_hash == request.hash => Ok(Some(Answer {
                status: StatusCode::from_u16(known.status).map_err(Error::internal)?,
                location: known.location,
                body: known.body,
                is_replayed: true,
            })),
            Some(_) => Err(Error::new(Code::InvalidArgument, "idempotency.key_reused")
                .detail("this key was sent before with another request")
                .with_http_status(StatusCode::UNPROCESSABLE_ENTITY)),
        }
    }

    /// Keeps the answer, in the transaction that did the work.
    pub(in crate::rewards) async fn remember(
        &mut self,
        principal: &str,
        request: &KeyedRequest,
        answer: Answer,
    ) -> Result<Answer> {
        let expires_ms = self.now_ms.saturating_add(millis(KEPT));
        // One that is past its time may not have been purged.
        sqlx::query(
            "INSERT OR REPLACE INTO idempotency (principal, route, key, request_hash, status, location, body, expires_ms) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(principal)
        .bind(&request.route)
        .bind(&request.key)
        .bind(&request.hash)
        .bind(answer.status.as_u16())
        .bind(&answer.location)
        .bind(&answer.body)
        .bind(expires_ms)
        .execute(self.conn())
        .await?;
        Ok(answer)
    }
}
