//! The tables of the accounts service.

mod audit;
mod keys;
mod roles;
mod sessions;
mod users;

use std::time::Duration;

use ovasabi_core::cache::LocalCache;
use ovasabi_core::inspect::Registry;
use ovasabi_core::repository::outbox::{self, Outbox};
use ovasabi_core::repository::{Db, Migrations};
use ovasabi_core::time::WallClock;
use ovasabi_core::worker::queue;
use ovasabi_core::{Code, Context, Error, Result};

use super::domain::User;
use crate::millis::millis;

pub(super) use audit::AuditEntry;
pub(super) use keys::{KeyState, StoredKey};
pub(super) use sessions::Rotation;

const MIGRATIONS: Migrations =
    Migrations::new(&[(1, "create accounts", include_str!("../schema.sql"))]);

/// How long a user is remembered: so stale may an answer be after another process has changed one.
const REMEMBERED: Duration = Duration::from_secs(10);

/// Users, sessions, signing keys and what was done to them. Clones share the database and what is remembered of it.
#[derive(Clone, Debug)]
pub(super) struct Store {
    pub(super) db: Db,
    clock: WallClock,
    /// What is told to others.
    pub(super) outbox: Outbox,
    users: LocalCache<String, User>,
}

impl Store {
    /// Brings the database up to date.
    pub(super) async fn open(
        db: Db,
        clock: WallClock,
        registry: &Registry,
        cx: &Context,
    ) -> Result<Self> {
        for migrations in [&MIGRATIONS, &outbox::MIGRATIONS, &queue::MIGRATIONS] {
            db.migrate(cx, migrations).await?;
        }
        Ok(Self {
            outbox: Outbox::new(db.clone()).with_clock(clock.clone()),
            users: LocalCache::builder("accounts-users")
                .ttl(REMEMBERED)
                .inspect(registry)
                .build()?,
            db,
            clock,
        })
    }

    pub(super) fn now_ms(&self) -> i64 {
        millis(self.clock.since_epoch())
    }
}

fn user_not_found() -> Error {
    Error::new(Code::NotFound, "accounts.user_not_found")
}

#[cfg(test)]
mod tests;
