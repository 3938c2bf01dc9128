//! The rewards service: wallets over a double-entry ledger.
//!
//! It owns its database file and knows of the accounts service only the tokens that it signs and the
//! events that it posts.

mod api;
mod audit;
mod events;
mod idempotency;
mod ledger;
mod wallet;

pub(crate) use api::router;
pub(crate) use audit::{Audit, audit};
pub(crate) use ledger::{Ledger, WELCOME_MINOR};
