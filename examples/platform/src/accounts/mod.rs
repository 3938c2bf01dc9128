//! The accounts service: who people are. It hashes passwords, signs tokens, and tells others of new users
//! through its outbox.

mod api;
mod outbox;
mod relay;
mod users;

pub(crate) use api::{Accounts, router};
pub(crate) use relay::Relay;
pub(crate) use users::Users;
