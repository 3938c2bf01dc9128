//! From knobs to a throttle.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::inspect::{Inspected, Registry};
use ovasabi_core::reject::Name;
use ovasabi_core::time::Clock;

use super::Throttle;
use super::config::Config;
use super::shared::{Core, KIND};
use crate::config::{Check, ConfigError, join};

/// Builds a [`Throttle`]; starts with [`Throttle::builder`]. A knob that is not set keeps its default.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ThrottleBuilder {
    name: Name,
    config: Config,
    clock: Clock,
    registry: Option<Registry>,
}

impl ThrottleBuilder {
    pub(super) fn new(name: Name) -> Self {
        Self {
            name,
            config: Config::default(),
            clock: Clock::system(),
            registry: None,
        }
    }

    /// How many requests it sends for each one that was accepted: the *K* of the formula.
    ///
    /// 1.0 to 100.0. Default: 2.0, which lets a service that comes back be found within one window. A lower
    /// one spares the service more, and refuses more than it would.
    pub fn multiplier(mut self, multiplier: f64) -> Self {
        self.config.multiplier = multiplier;
        self
    }

    /// How far back it looks. It slides by tenths.
    ///
    /// 1 s to 1 h. Default: 2 min.
    pub fn window(mut self, window: Duration) -> Self {
        self.config.window = window;
        self
    }

    /// How many requests the window must hold before any is refused.
    ///
    /// 1 to 1 000 000. Default: 20: one failure of one says nothing.
    pub fn minimum_requests(mut self, requests: u32) -> Self {
        self.config.minimum_requests = requests;
        self
    }

    /// The highest probability of a refusal.
    ///
    /// Above 0.0, up to 1.0. Default: 1.0, the formula alone, which while nothing is accepted lets through about
    /// one request for each one that the window holds. At a thousand requests a second and more 0.99 finds a
    /// service that is back much sooner.
    pub fn max_rejection_rate(mut self, rate: f64) -> Self {
        self.config.max_rejection_rate = rate;
        self
    }

    /// Counts a [`Failure`](ovasabi_core::classify::Class::Failure) as accepted: the service took the request
    /// on, and failed at it. Default: it does not.
    ///
    /// For services that say 429 when they have too much to do, and whose other errors mean something else.
    pub fn accept_failures(mut self) -> Self {
        self.config.accept_failures = true;
        self
    }

    /// Counts [`Throttled`](ovasabi_core::classify::Class::Throttled) as accepted. Default: it does not.
    ///
    /// For services whose 429 is about the quota of one user, and not about their load.
    pub fn accept_throttled(mut self) -> Self {
        self.config.accept_throttled = true;
        self
    }

    /// The clock. Default: [`Clock::system`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Lets the throttle join `registry`, by its name. Default: it joins none.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Builds the throttle, with nothing counted.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob whose value cannot work, and when the registry has a living throttle of
    /// the same name.
    pub fn build(self) -> Result<Throttle, ConfigError> {
        let config = self.checked(&self.name)?;
        let core = Arc::new(Inspected::new(Core::new(self.name, self.clock, &config)));
        join(self.registry.as_ref(), &core)?;
        Ok(Throttle::from_core(core))
    }

    /// The numbers, if they can work, on behalf of the throttle `name`.
    pub(super) fn checked(&self, name: &Name) -> Result<Config, ConfigError> {
        let mut check = Check::default();
        self.config.check(&mut check);
        check.finish(KIND, name)?;
        Ok(self.config)
    }
}
