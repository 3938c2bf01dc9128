//! The registry of checks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::report::{CheckReport, Report};
use super::state::State;
use super::{Check, CheckOptions, DuplicateCheck, HealthBuilder, Level, Stage, Watchdog};
use crate::inspect::Inspected;
use crate::reject::Name;

/// The health of a process. Clones are the same health.
///
/// It begins as [`Stage::Starting`]: neither started nor ready until [`set_serving`](Health::set_serving),
/// which a [`lifecycle::App`](crate::lifecycle::App) calls by itself.
#[derive(Clone)]
pub struct Health {
    state: Arc<Inspected<State>>,
}

impl Health {
    /// A health named `health`, without checks and in no registry.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().into_health()
    }

    /// A builder that has every default.
    pub fn builder() -> HealthBuilder {
        HealthBuilder::new()
    }

    /// Adds a check to the groups that `options` name.
    ///
    /// # Errors
    /// [`DuplicateCheck`] when its name is taken.
    pub fn add(&self, check: impl Check, options: CheckOptions) -> Result<(), DuplicateCheck> {
        self.state.add(check, options)
    }

    /// Adds a watchdog to the live group, which takes nothing else: a liveness probe that asks a database
    /// restarts every healthy process when the database is down.
    ///
    /// # Errors
    /// [`DuplicateCheck`] when its name is taken.
    pub fn watchdog(
        &self,
        name: impl Into<Name>,
        limit: Duration,
    ) -> Result<Watchdog, DuplicateCheck> {
        self.state.adopt(name.into(), limit).map(Watchdog::new)
    }

    /// From now on it is as ready as its checks; does nothing once it drains.
    pub fn set_serving(&self) {
        self.state.enter(Stage::Serving);
    }

    /// From now on it is not ready, whatever its checks say: the very next probe reads 503.
    pub fn set_draining(&self) {
        self.state.enter(Stage::Draining);
    }

    /// Where it is in its life.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.state.stage()
    }

    /// Whether this process should go on living: its watchdogs, and nothing outside of it.
    #[must_use]
    pub fn live(&self) -> Report {
        let dogs = self.state.dogs();
        Report::new(
            Level::Up,
            self.stage(),
            dogs.iter().map(|dog| CheckReport::of_dog(dog)).collect(),
        )
    }

    /// Whether it should get requests: it serves, and each check of the ready group is well enough.
    ///
    /// Checks are asked side by side, and only while it serves. The answer takes no longer than the longest
    /// of their timeouts.
    ///
    /// # Panics
    /// Outside of a tokio runtime with timers.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: checks go on for those who ask next.
    pub async fn ready(&self) -> Report {
        if self.stage() != Stage::Serving {
            return Report::new(Level::Down, self.stage(), Vec::new());
        }
        let checks = self.ask(|options| options.ready).await;
        // Once more: a drain that began while checks were asked must not be told as ready.
        let floor = if self.stage() == Stage::Serving {
            Level::Up
        } else {
            Level::Down
        };
        Report::new(floor, self.stage(), checks)
    }

    /// Whether its start is over: it serves, and all checks of the startup group were up at one time. Once
    /// that is so it stays so, and they are not asked any more.
    ///
    /// # Panics
    /// Outside of a tokio runtime with timers.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: checks go on for those who ask next.
    pub async fn started(&self) -> Report {
        if self.state.has_started() {
            return Report::new(Level::Up, self.stage(), Vec::new());
        }
        if self.stage() == Stage::Starting {
            return Report::new(Level::Down, Stage::Starting, Vec::new());
        }
        let report = Report::new(
            Level::Up,
            self.stage(),
            self.ask(|options| options.startup).await,
        );
        if report.status() != Level::Down {
            self.state.set_started();
        }
        report
    }

    pub(super) fn of(state: Arc<Inspected<State>>) -> Self {
        Self { state }
    }

    pub(super) fn state(&self) -> &Arc<Inspected<State>> {
        &self.state
    }

    async fn ask(&self, is_asked: impl Fn(&CheckOptions) -> bool) -> Vec<CheckReport> {
        let cells = self
            .state
            .cells()
            .into_iter()
            .filter(|cell| is_asked(&cell.options));
        // All of them fly before the first is waited for.
        let asked: Vec<_> = cells.into_iter().map(|cell| (cell.ask(), cell)).collect();
        let mut reports = Vec::with_capacity(asked.len());
        for (asked, cell) in asked {
            reports.push(CheckReport::of_check(&cell, &cell.wait(asked).await));
        }
        reports
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checks: Vec<_> = self
            .state
            .cells()
            .iter()
            .map(|cell| cell.name.clone())
            .collect();
        f.debug_struct("Health")
            .field("stage", &self.stage())
            .field("checks", &checks)
            .finish_non_exhaustive()
    }
}
