//! The notify service: tells people and partners what has happened.
//!
//! Events come in once. In one transaction they become notifications, which people list, acknowledge and see live, and
//! deliveries to the webhooks of partners. `api` is what it answers, `jobs` what the worker does for it, `live` who
//! listens, `target` how addresses of strangers are called.

mod api;
mod domain;
mod jobs;
mod live;
mod repository;
mod settings;
mod target;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use ovasabi_core::repository::{Db, Migrations};
use ovasabi_core::time::WallClock;
use ovasabi_core::worker::queue::{self, JobQueue};
use ovasabi_core::{Context, Result};

pub(crate) use api::endpoints;
pub(crate) use jobs::jobs;
pub(crate) use settings::Settings;
pub(crate) use target::{Cidr, Resolver};

use crate::millis::millis;
use live::Streams;
use target::Guard;

const MIGRATIONS: Migrations = Migrations::new(&[(
    1,
    "create notifications and webhooks",
    include_str!("schema.sql"),
)]);

/// The service. Clones share everything.
#[derive(Clone, Debug)]
pub(crate) struct Notify(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    db: Db,
    clock: WallClock,
    queue: JobQueue,
    guard: Guard,
    streams: Streams,
    settings: Settings,
}

impl Notify {
    /// Brings the database up to date.
    pub(crate) async fn open(
        db: Db,
        clock: WallClock,
        settings: Settings,
        cx: &Context,
    ) -> Result<Self> {
        Self::open_with(db, clock, settings, Resolver::system(), cx).await
    }

    /// As [`open`](Self::open), with another way to look names up.
    pub(crate) async fn open_with(
        db: Db,
        clock: WallClock,
        settings: Settings,
        resolver: Resolver,
        cx: &Context,
    ) -> Result<Self> {
        db.migrate(cx, &MIGRATIONS).await?;
        db.migrate(cx, &queue::MIGRATIONS).await?;
        Ok(Self(Arc::new(Parts {
            queue: JobQueue::new(db.clone()).with_clock(clock.clone()),
            guard: Guard::new(settings.allow.clone(), resolver),
            streams: Streams::new(settings.streams, settings.streams_per_user),
            db,
            clock,
            settings,
        })))
    }

    /// Ends all live streams, with a word to their readers, and begins no more: when the server drains, which would
    /// otherwise wait for them.
    pub(crate) fn end_streams(&self) {
        self.0.streams.end();
    }

    fn now_ms(&self) -> i64 {
        millis(self.0.clock.since_epoch())
    }
}
