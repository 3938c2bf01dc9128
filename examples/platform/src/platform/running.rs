//! A whole platform in this process, for those who drive it.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use ovasabi_core::Context;
use ovasabi_core::http::server::DrainReport;
use ovasabi_core::lifecycle::{AppHandle, ExitReport, Phase, Signals};
use ovasabi_core::time::WallClock;
use ovasabi_observe::Telemetry;
use tokio::task::JoinHandle;

use super::{Parts, Role, Unit, build};
use crate::accounts;
use crate::config::{Config, Configured};
use crate::rewards::Audit;

/// All roles, running.
pub(crate) struct Running {
    handle: AppHandle,
    running: JoinHandle<ExitReport>,
    parts: Parts,
}

impl Running {
    /// Starts everything and returns when it serves.
    pub(crate) async fn start(config: Config) -> Result<Self> {
        let telemetry = Telemetry::builder("platform").without_logs().install()?;
        let configured = Configured {
            config,
            dump: String::new(),
        };
        let (app, parts) = build(configured, &Role::ALL, &telemetry, Signals::never()).await?;
        let handle = app.handle();
        let running = tokio::spawn(app.run());
        handle.reached(Phase::Serving).await;
        // A start that failed is past this phase, and never was in it.
        if handle.phase() != Phase::Serving {
            bail!("{}", running.await.context("the platform panicked")?);
        }
        Ok(Self {
            handle,
            running,
            parts,
        })
    }

    pub(crate) fn public(&self) -> Result<SocketAddr> {
        Ok(self.unit("gateway")?.address())
    }

    pub(crate) fn admin(&self) -> SocketAddr {
        self.parts.admin.address()
    }

    /// A service, to be broken and mended.
    pub(crate) fn unit(&self, name: &str) -> Result<Unit> {
        let unit = self.parts.unit(name).cloned();
        unit.with_context(|| format!("{name} does not run here"))
    }

    /// Gives a role to a user, as an operator does on the machine.
    pub(crate) async fn grant(&self, email: &str, role: &str) -> Result<()> {
        let mut databases = self.parts.databases.iter();
        let db = databases.find(|db| db.name().as_str() == "accounts");
        let db = db.context("no accounts here")?.clone();
        let cx = Context::background();
        Ok(accounts::grant(db, WallClock::system(), &cx, email, role).await?)
    }

    /// Looks through the ledger.
    pub(crate) async fn audit(&self) -> Result<Audit> {
        let rewards = self.parts.rewards.as_ref().context("no rewards here")?;
        Ok(rewards.audit(&Context::background()).await?)
    }

    /// Drains and stops everything; what became of the gateway's requests.
    pub(crate) async fn stop(self) -> Result<DrainReport> {
        self.handle.shutdown();
        let report = self.running.await.context("the platform panicked")?;
        if report.exit_code() != 0 {
            bail!("{report}");
        }
        Ok(self.parts.drained())
    }
}
