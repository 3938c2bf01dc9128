//! Events that other services post here.

use axum::extract::State;
use axum::http::StatusCode;
use ovasabi_core::{Code, Context, Error, Result};

use super::ledger::Ledger;
use crate::contract::{Envelope, UserRegistered, topic};
use crate::http_api::ValidJson;

/// Takes an event in. The same one twice does nothing the second time.
pub(super) async fn events(
    State(ledger): State<Ledger>,
    cx: Context,
    ValidJson(event): ValidJson<Envelope>,
) -> Result<StatusCode> {
    if event.topic != topic::USER_REGISTERED {
        return Err(Error::new(Code::InvalidArgument, "event.topic"));
    }
    let registered: UserRegistered = event.data()?;
    ledger.welcome(&cx, &event.id, &registered.user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
