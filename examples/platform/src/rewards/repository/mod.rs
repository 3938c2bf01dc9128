//! What the service keeps, and how it is written: SQL, and nothing that decides.
//!
//! What reads takes a connection, so that it serves readers and transactions alike. What writes is a method
//! of [`Tx`], so that it cannot be done outside of one.

pub(super) mod audit;
pub(super) mod audit_log;
pub(super) mod campaigns;
pub(super) mod idempotency;
pub(super) mod leaderboard;
pub(super) mod ledger;
pub(super) mod members;
pub(super) mod purge;
pub(super) mod referrals;
mod seen;
mod tx;

use ovasabi_core::repository::Migrations;

pub(super) use tx::Tx;

pub(super) const MIGRATIONS: Migrations =
    Migrations::new(&[(1, "create rewards", include_str!("../schema.sql"))]);

/// Whether the database has refused a row because of this constraint, as it names it.
fn is_refused(error: &sqlx::Error, constraint: &str) -> bool {
    let error = error.as_database_error();
    error.is_some_and(|error| error.message().ends_with(constraint))
}
