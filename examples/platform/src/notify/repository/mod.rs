//! The tables.

mod deliveries;
mod inbox;
mod notifications;
mod purge;
mod webhooks;

pub(super) use deliveries::{Attempt, Delivery, DeliveryRow, State};
pub(super) use notifications::Notification;
pub(super) use webhooks::{NewWebhook, Webhook};
