//! What the services of the platform say to each other: nothing else of one is known to another.

mod events;
mod services;
pub(crate) mod signature;

pub(crate) use events::{Envelope, ReferralChanged, UserRegistered, WalletCredited, topic};
pub(crate) use services::{Client, EVENTS_SCOPE, QUALIFY_SCOPE, client_secret, signing_secret};
