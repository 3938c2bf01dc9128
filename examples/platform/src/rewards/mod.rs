//! The rewards service: campaigns, referrals, and wallets over a double-entry ledger.
//!
//! It owns its database file and knows of the accounts service only the tokens that it signs and the events that it
//! posts. `domain` decides, `repository` writes, `api` is asked, `jobs` does what nobody waits for.

mod api;
mod domain;
mod jobs;
mod kept;
mod repository;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::config::Secret;
use ovasabi_core::repository::outbox::{self, Outbox};
use ovasabi_core::repository::{Db, UnitOfWork};
use ovasabi_core::time::WallClock;
use ovasabi_core::worker::queue::{self, JobQueue};
use ovasabi_core::{Context, Result};

use crate::millis::millis;
use domain::Campaign;
use kept::Kept;
use repository::Tx;
use repository::leaderboard::Leaderboard;

pub(crate) use api::endpoints;
pub(crate) use jobs::jobs;
pub(crate) use repository::audit::Audit;

/// What a new user finds in the wallet: 10.00.
pub(crate) const WELCOME_MINOR: i64 = 1_000;

/// What can be set.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// How long after it has qualified a referral is rewarded. Default: at once.
    pub(crate) settle_after: Duration,
    /// How long a referral may take to qualify. Default: 30 days.
    pub(crate) referral_ttl: Duration,
    /// How often what is overdue is looked for. Default: 1 min.
    pub(crate) expire_every: Duration,
    /// How often the leaderboards are built. Default: 30 s.
    pub(crate) leaderboard_every: Duration,
    /// How often the ledger is looked through. Default: 1 min.
    pub(crate) audit_every: Duration,
    /// How often what has served its time is removed. Default: 1 h.
    pub(crate) purge_every: Duration,
    /// Whether new users find something in their wallets. Default: yes.
    pub(crate) welcome: bool,
    /// What the secrets are derived from that partners sign with. Without it nothing qualifies. Default: none.
    pub(crate) services_secret: Option<Secret>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            settle_after: Duration::ZERO,
            referral_ttl: Duration::from_secs(30 * 24 * 60 * 60),
            expire_every: Duration::from_secs(60),
            leaderboard_every: Duration::from_secs(30),
            audit_every: Duration::from_secs(60),
            purge_every: Duration::from_secs(60 * 60),
            welcome: true,
            services_secret: None,
        }
    }
}

/// The service. Clones share all of it.
#[derive(Clone)]
pub(crate) struct Rewards(Arc<Parts>);

struct Parts {
    db: Db,
    clock: WallClock,
    settings: Settings,
    queue: JobQueue,
    /// What is told to others.
    outbox: Outbox,
    campaigns: Kept<Campaign>,
    leaderboards: Kept<Leaderboard>,
}

impl Rewards {
    /// Brings the database up to date and opens the system's wallet.
    pub(crate) async fn open(
        db: Db,
        clock: WallClock,
        settings: Settings,
        cx: &Context,
    ) -> Result<Self> {
        db.migrate(cx, &repository::MIGRATIONS).await?;
        db.migrate(cx, &outbox::MIGRATIONS).await?;
        db.migrate(cx, &queue::MIGRATIONS).await?;
        let rewards = Self(Arc::new(Parts {
            queue: JobQueue::new(db.clone()).with_clock(clock.clone()),
            outbox: Outbox::new(db.clone()).with_clock(clock.clone()),
            campaigns: Kept::new("campaigns", clock.clone())?,
            leaderboards: Kept::new("leaderboards", clock.clone())?,
            db,
            clock,
            settings,
        }));
        rewards
            .db()
            .with_tx(cx, async |mut unit| {
                rewards.tx(cx, &mut unit).open_system_wallet().await
            })
            .await?;
        Ok(rewards)
    }

    /// Looks through everything: money and history.
    pub(crate) async fn audit(&self, cx: &Context) -> Result<Audit> {
        let mut conn = self.db().read(cx).await?;
        repository::audit::audit(conn.connection()).await
    }

    fn db(&self) -> &Db {
        &self.0.db
    }

    fn queue(&self) -> &JobQueue {
        &self.0.queue
    }

    fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// A transaction, for what belongs together; all of it happens now.
    fn tx<'a>(&'a self, cx: &'a Context, unit: &'a mut UnitOfWork) -> Tx<'a> {
        Tx::new(cx, unit, &self.0.outbox, self.now_ms())
    }

    fn now_ms(&self) -> i64 {
        millis(self.0.clock.since_epoch())
    }
}
