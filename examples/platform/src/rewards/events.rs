//! Events that other services post here.

use axum::extract::State;
use axum::http::StatusCode;
use garde::Validate;
use ovasabi_core::{Context, Result};
use serde::{Deserialize, Serialize};

use super::ledger::Ledger;
use crate::http_api::ValidJson;

/// Somebody has registered with the accounts service.
#[derive(Clone, Debug, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserRegistered {
    #[garde(length(min = 1, max = 64))]
    pub(crate) event_id: String,
    #[garde(length(min = 1, max = 64))]
    pub(crate) user_id: String,
}

/// Takes an event in. The same one twice does nothing the second time.
pub(super) async fn user_registered(
    State(ledger): State<Ledger>,
    cx: Context,
    ValidJson(event): ValidJson<UserRegistered>,
) -> Result<StatusCode> {
    ledger.welcome(&cx, &event.event_id, &event.user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
