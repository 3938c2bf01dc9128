//! The routes.

mod admin;
mod events;
mod inbox;
mod notifications;
mod webhooks;

use utoipa_axum::routes;

use super::Notify;
use crate::contract::EVENTS_SCOPE;
use crate::endpoints::{Access, Endpoints, Guards};

/// All of them, with who may call which.
pub(crate) fn endpoints(guards: Guards) -> Endpoints<Notify> {
    let partner = Access::roles(&["partner"]);
    let admin = Access::roles(&["admin"]);
    Endpoints::new(guards)
        .add(Access::service(EVENTS_SCOPE), routes!(inbox::take_in))
        .add(Access::caller().own(), routes!(notifications::list))
        .add(
            Access::caller().owner("notification.user_id"),
            routes!(notifications::ack),
        )
        .add(Access::caller().own().stream(), routes!(events::read))
        .add(partner.own(), routes!(webhooks::create, webhooks::list))
        .add(partner.owner("webhook.owner_id"), routes!(webhooks::remove))
        .add(
            partner.owner("webhook.owner_id"),
            routes!(webhooks::deliveries),
        )
        .add(admin, routes!(admin::list))
        .add(admin, routes!(admin::retry))
}
