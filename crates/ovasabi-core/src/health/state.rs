//! What the clones of a health share.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use super::cell::Cell;
use super::watchdog::Dog;
use super::{Check, CheckOptions, DuplicateCheck, Stage};
use crate::reject::Name;
use crate::time::{Clock, WallClock};

/// Stage, checks and watchdogs. Relaxed throughout: stage and flag stand alone, and only go forward.
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

impl State {
    pub(super) fn new(name: Name, clock: Clock, wall: WallClock) -> Self {
        let stage = AtomicU8::new(Stage::Starting as u8);
        let has_started = AtomicBool::new(false);
        Self {
            name,
            clock,
            wall,
            stage,
            has_started,
            members: RwLock::default(),
        }
    }

    pub(super) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Starting,
            1 => Stage::Serving,
            _ => Stage::Draining,
        }
    }

    pub(super) fn enter(&self, stage: Stage) {
        let before = self.stage.fetch_max(stage as u8, Ordering::Relaxed);
        if before < stage as u8 {
            tracing::info!(target: "ovasabi::health", health = %self.name, stage = stage.label(), "stage");
        }
    }

    pub(super) fn has_started(&self) -> bool {
        self.has_started.load(Ordering::Relaxed)
    }

    pub(super) fn set_started(&self) {
        self.has_started.store(true, Ordering::Relaxed);
    }

    pub(super) fn add(
        &self,
        check: impl Check,
        options: CheckOptions,
    ) -> Result<(), DuplicateCheck> {
        let cell = Cell::new(
            Arc::new(check),
            options,
            self.clock.clone(),
            self.wall.clone(),
        );
        let mut members = self.write();
        members.must_be_free(&cell.name)?;
        members.checks.push(Arc::new(cell));
        Ok(())
    }

    pub(super) fn adopt(&self, name: Name, limit: Duration) -> Result<Arc<Dog>, DuplicateCheck> {
        let dog = Arc::new(Dog::new(name, limit, self.clock.clone()));
        let mut members = self.write();
        members.dogs.retain(|dog| !dog.has_left());
        members.must_be_free(&dog.name)?;
        members.dogs.push(Arc::clone(&dog));
        Ok(dog)
    }

    pub(super) fn cells(&self) -> Vec<Arc<Cell>> {
        self.read().checks.clone()
    }

    pub(super) fn dogs(&self) -> Vec<Arc<Dog>> {
        self.read()
            .dogs
            .iter()
            .filter(|dog| !dog.has_left())
            .cloned()
            .collect()
    }

    // Nothing that can panic runs under the lock.
    fn read(&self) -> RwLockReadGuard<'_, Members> {
        self.members.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Members> {
        self.members.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Members {
    fn must_be_free(&self, name: &Name) -> Result<(), DuplicateCheck> {
        let checks = self.checks.iter().map(|cell| &cell.name);
        let mut names = checks.chain(self.dogs.iter().map(|dog| &dog.name));
        if names.any(|taken| taken == name) {
            return Err(DuplicateCheck {
                name: name.as_str().to_owned(),
            });
        }
        Ok(())
    }
}
