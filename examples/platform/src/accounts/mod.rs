//! The accounts service: who people are. It hashes passwords, signs tokens, and tells others of new users
//! through its outbox.

mod api;
mod relay;
mod users;

pub(crate) use api::{Accounts, router};
pub(crate) use relay::relay;
pub(crate) use users::Users;
