//! Events that other services post here.

use axum::extract::State;
use http::StatusCode;
use ovasabi_core::{Context, Result};

use crate::contract::{Envelope, UserRegistered, topic};
use crate::http_api::ValidJson;
use crate::rewards::{Rewards, WELCOME_MINOR};

/// Takes an event in. The same one twice does nothing the second time; one of another topic is not for this service.
#[utoipa::path(post, path = "/internal/events", responses((status = 204)))]
pub(super) async fn take_in(
    State(rewards): State<Rewards>,
    cx: Context,
    ValidJson(event): ValidJson<Envelope>,
) -> Result<StatusCode> {
    if event.topic != topic::USER_REGISTERED {
        tracing::info!(
            topic = event.topic,
            event = event.id,
            "not for this service"
        );
        return Ok(StatusCode::NO_CONTENT);
    }
    let user: UserRegistered = event.data()?;
    let credit = rewards.settings().welcome.then_some(WELCOME_MINOR);
    rewards
        .db()
        .with_tx(&cx, async |mut unit| {
            let mut tx = rewards.tx(&cx, &mut unit);
            if tx.take_in(&event.id).await? {
                tx.welcome(&user.user_id, &user.display_name, credit)
                    .await?;
            }
            Ok(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
