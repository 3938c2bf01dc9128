//! The registry of checks.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::Serialize;

use super::cell::{Answer, Cell};
use super::report::{CheckReport, Report};
use super::watchdog::Dog;
use super::{Check, CheckOptions, DuplicateCheck, Level, Watchdog};
use crate::inspect::{Inspected, NameTaken, Registry};
use crate::reject::Name;
use crate::time::{Clock, WallClock};

/// The health of a process. Clones are the same health.
///
/// It begins as [`Stage::Starting`]: neither started nor ready until [`set_serving`](Health::set_serving),
/// which a [`lifecycle::App`](crate::lifecycle::App) calls by itself.
#[derive(Clone)]
pub struct Health {
    pub(super) state: Arc<Inspected<State>>,
}

/// Where a process is in its life, as far as its probes need it. Stages only go forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Not ready yet.
    Starting,
    /// As ready as its checks.
    Serving,
    /// Not ready any more.
    Draining,
}

/// Builds a [`Health`].
#[derive(Clone, Debug)]
#[must_use]
pub struct HealthBuilder {
    name: Name,
    clock: Clock,
    wall: WallClock,
    registry: Option<Registry>,
}

pub(super) struct State {
    pub(super) name: Name,
    clock: Clock,
    wall: WallClock,
    stage: AtomicU8,
    /// Whether all startup checks have been up once.
    has_started: AtomicBool,
    members: RwLock<Members>,
}

#[derive(Default)]
struct Members {
    checks: Vec<Arc<Cell>>,
    dogs: Vec<Arc<Dog>>,
}

impl Health {
    /// A health named `health`, without checks and in no registry.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().into_health()
    }

    /// A builder that has every default.
    pub fn builder() -> HealthBuilder {
        HealthBuilder {
            name: Name::from_static("health"),
            clock: Clock::system(),
            wall: WallClock::system(),
            registry: None,
        }
    }

    /// Adds a check to the groups that `options` name.
    ///
    /// # Errors
    /// [`DuplicateCheck`] when its name is taken.
    pub fn add(&self, check: impl Check, options: CheckOptions) -> Result<(), DuplicateCheck> {
        let state = &self.state;
        let cell = Cell::new(
            Arc::new(check),
            options,
            state.clock.clone(),
            state.wall.clone(),
        );
        let mut members = state
            .members
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        members.must_be_free(&cell.name)?;
        members.checks.push(Arc::new(cell));
        Ok(())
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
        let dog = Arc::new(Dog::new(name.into(), limit, self.state.clock.clone()));
        let mut members = self
            .state
            .members
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        members.dogs.retain(|dog| !dog.has_left());
        members.must_be_free(&dog.name)?;
        members.dogs.push(Arc::clone(&dog));
        Ok(Watchdog::new(dog))
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
        let dogs: Vec<_> = {
            let members = self
                .state
                .members
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            members
                .dogs
                .iter()
                .filter(|dog| !dog.has_left())
                .cloned()
                .collect()
        };
        let checks = dogs.iter().map(|dog| {
            let status = dog.status();
            CheckReport {
                name: dog.name.as_str().to_owned(),
                status: status.level(),
                critical: true,
                why: status.why().map(ToString::to_string),
                since: None,
                duration: None,
            }
        });
        Report::of(Level::Up, self.stage(), checks.collect())
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
            return Report::of(Level::Down, self.stage(), Vec::new());
        }
        let checks = self.ask(|options| options.ready).await;
        // Once more: a drain that began while checks were asked must not be told as ready.
        let floor = if self.stage() == Stage::Serving {
            Level::Up
        } else {
            Level::Down
        };
        Report::of(floor, self.stage(), checks)
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
        let state = &self.state;
        // Relaxed: the flag stands alone, and only goes one way.
        if state.has_started.load(Ordering::Relaxed) {
            return Report::of(Level::Up, self.stage(), Vec::new());
        }
        if self.stage() == Stage::Starting {
            return Report::of(Level::Down, Stage::Starting, Vec::new());
        }
        let report = Report::of(
            Level::Up,
            self.stage(),
            self.ask(|options| options.startup).await,
        );
        if report.status() != Level::Down {
            state.has_started.store(true, Ordering::Relaxed);
        }
        report
    }

    async fn ask(&self, is_asked: impl Fn(&CheckOptions) -> bool) -> Vec<CheckReport> {
        let cells: Vec<_> = {
            let members = self
                .state
                .members
                .read()
                .unwrap_or_else(PoisonError::into_inner);
            members
                .checks
                .iter()
                .filter(|cell| is_asked(&cell.options))
                .cloned()
                .collect()
        };
        // All of them fly before the first is waited for.
        let asked: Vec<_> = cells.into_iter().map(|cell| (cell.ask(), cell)).collect();
        let mut reports = Vec::with_capacity(asked.len());
        for (asked, cell) in asked {
            reports.push(CheckReport::of(&cell, &cell.wait(asked).await));
        }
        reports
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

impl HealthBuilder {
    /// What it is called in the registry. Default `health`.
    pub fn name(mut self, name: impl Into<Name>) -> Self {
        self.name = name.into();
        self
    }

    /// What intervals are measured with. Default [`Clock::system`]; timeouts are tokio's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Where the dates in reports come from. Default [`WallClock::system`].
    pub fn wall_clock(mut self, wall: WallClock) -> Self {
        self.wall = wall;
        self
    }

    /// Lets it join `registry`.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// The health.
    ///
    /// # Errors
    /// [`NameTaken`] when a living health in the registry has its name.
    pub fn build(mut self) -> Result<Health, NameTaken> {
        let registry = self.registry.take();
        let health = self.into_health();
        if let Some(registry) = registry {
            registry.register(&health.state)?;
        }
        Ok(health)
    }

    fn into_health(self) -> Health {
        let Self {
            name,
            clock,
            wall,
            registry: _,
        } = self;
        let stage = AtomicU8::new(Stage::Starting as u8);
        let state = State {
            name,
            clock,
            wall,
            stage,
            has_started: AtomicBool::new(false),
            members: RwLock::default(),
        };
        Health {
            state: Arc::new(Inspected::new(state)),
        }
    }
}

impl Stage {
    /// A stable label for logs and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Serving => "serving",
            Self::Draining => "draining",
        }
    }

    pub(super) const LABELS: &'static [&'static str] = &["starting", "serving", "draining"];
}

impl State {
    pub(super) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Starting,
            1 => Stage::Serving,
            _ => Stage::Draining,
        }
    }

    pub(super) fn enter(&self, stage: Stage) {
        // Relaxed: the number stands alone, and `max` keeps it going forward.
        let before = self.stage.fetch_max(stage as u8, Ordering::Relaxed);
        if before < stage as u8 {
            tracing::info!(target: "ovasabi::health", health = %self.name, stage = stage.label(), "stage");
        }
    }

    pub(super) fn cells(&self) -> Vec<Arc<Cell>> {
        self.members
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .checks
            .clone()
    }
}

impl Members {
    fn must_be_free(&self, name: &Name) -> Result<(), DuplicateCheck> {
        let mut names = self
            .checks
            .iter()
            .map(|cell| &cell.name)
            .chain(self.dogs.iter().map(|dog| &dog.name));
        if names.any(|taken| taken == name) {
            return Err(DuplicateCheck {
                name: name.as_str().to_owned(),
            });
        }
        Ok(())
    }
}

impl Report {
    fn of(floor: Level, stage: Stage, mut checks: Vec<CheckReport>) -> Self {
        checks.sort_by(|one, other| one.name.cmp(&other.name));
        let worst = checks
            .iter()
            .map(CheckReport::weight)
            .max()
            .unwrap_or(Level::Up);
        Self {
            status: worst.max(floor),
            stage,
            checks,
        }
    }
}

impl CheckReport {
    fn of(cell: &Cell, answer: &Answer) -> Self {
        Self {
            name: cell.name.as_str().to_owned(),
            status: answer.status.level(),
            critical: cell.options.critical,
            why: answer.status.why().map(ToString::to_string),
            since: Some(answer.since),
            duration: Some(answer.took),
        }
    }

    /// What it means for the whole.
    fn weight(&self) -> Level {
        match self.status {
            Level::Down if !self.critical => Level::Degraded,
            level => level,
        }
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
