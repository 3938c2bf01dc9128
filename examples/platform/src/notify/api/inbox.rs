//! Events that other services post here.

use axum::extract::State;
use axum::http::StatusCode;
use ovasabi_core::{Context, Result};

use crate::contract::Envelope;
use crate::http_api::ValidJson;
use crate::notify::Notify;

/// Takes an event in. The same one twice does nothing the second time.
#[utoipa::path(post, path = "/internal/events", responses((status = 204)))]
pub(super) async fn take_in(
    State(notify): State<Notify>,
    cx: Context,
    ValidJson(event): ValidJson<Envelope>,
) -> Result<StatusCode> {
    notify.take_in(&cx, &event).await?;
    Ok(StatusCode::NO_CONTENT)
}
