//! Building a health.

use std::sync::Arc;

use super::Health;
use super::state::State;
use crate::inspect::{Inspected, NameTaken, Registry};
use crate::reject::Name;
use crate::time::{Clock, WallClock};

/// Builds a [`Health`].
#[derive(Clone, Debug)]
#[must_use]
pub struct HealthBuilder {
    name: Name,
    clock: Clock,
    wall: WallClock,
    registry: Option<Registry>,
}

impl HealthBuilder {
    pub(super) fn new() -> Self {
        Self {
            name: Name::from_static("health"),
            clock: Clock::system(),
            wall: WallClock::system(),
            registry: None,
        }
    }

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
            registry.register(health.state())?;
        }
        Ok(health)
    }

    pub(super) fn into_health(self) -> Health {
        let state = State::new(self.name, self.clock, self.wall);
        Health::of(Arc::new(Inspected::new(state)))
    }
}
