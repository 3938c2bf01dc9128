//! From knobs to a load shedder.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::inspect::{Inspected, Registry};
use ovasabi_core::reject::Name;
use ovasabi_core::time::Clock;

use super::LoadShed;
use super::config::Config;
use super::probe::Ask;
use super::shared::{Core, KIND};
use crate::config::{Check, ConfigError, join};

/// Builds a [`LoadShed`]; starts with [`LoadShed::builder`]. A knob that is not set keeps its default.
///
/// Without [`in_flight_limit`](Self::in_flight_limit), a [`probe`](Self::probe) or anybody who
/// [tells waits](LoadShed::observe_queue_delay) it refuses nothing.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct LoadShedBuilder {
    name: Name,
    config: Config,
    clock: Clock,
    registry: Option<Registry>,
}

impl LoadShedBuilder {
    pub(super) fn new(name: Name) -> Self {
        Self {
            name,
            config: Config::default(),
            clock: Clock::system(),
            registry: None,
        }
    }

    /// How many calls may be under way: there the pressure is 1, and everything is refused.
    ///
    /// 1 to 1 000 000, or `None`: no limit but that of a million. Default: `None`.
    pub fn in_flight_limit(mut self, calls: impl Into<Option<u32>>) -> Self {
        self.config.in_flight_limit = calls.into();
        self
    }

    /// From which share of the limit, or of what the probe tells, there is pressure.
    ///
    /// Above 0.0, up to 1.0; 1.0 admits every priority until it is full. Default: 0.8.
    pub fn shed_from(mut self, share: f64) -> Self {
        self.config.shed_from = share;
        self
    }

    /// How long everything may wait before there is pressure: CoDel's target.
    ///
    /// 1 µs to 1 min. Default: 5 ms. It is compared with the *shortest* wait of an interval: a burst that
    /// drains is no pressure.
    pub fn queue_delay_target(mut self, delay: Duration) -> Self {
        self.config.queue_delay_target = delay;
        self
    }

    /// The shortest wait at which the pressure is 1, and everything is refused.
    ///
    /// [`queue_delay_target`](Self::queue_delay_target) to 1 min. Default: 50 ms.
    pub fn queue_delay_limit(mut self, delay: Duration) -> Self {
        self.config.queue_delay_limit = delay;
        self
    }

    /// How long the shortest wait is looked for: CoDel's interval.
    ///
    /// 1 ms to 1 min. Default: 100 ms.
    pub fn queue_delay_interval(mut self, interval: Duration) -> Self {
        self.config.queue_delay_interval = interval;
        self
    }

    /// Asks `probe` how much of something is used, 0.0 to 1.0: a processor, the memory, a pool. Default: none.
    ///
    /// It is called on the task of one of the calls, at most once in
    /// [`probe_interval`](Self::probe_interval), while the others take its last answer. It should read a number
    /// that somebody else keeps, must not block, and must not panic. What is out of range counts as the nearer
    /// end, and what is not a number as 0.0. It cannot be changed later.
    pub fn probe(mut self, probe: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.config.probe = Some(Ask::new(probe));
        self
    }

    /// How long an answer of the probe is good for.
    ///
    /// 1 ms to 1 min. Default: 250 ms.
    pub fn probe_interval(mut self, interval: Duration) -> Self {
        self.config.probe_interval = interval;
        self
    }

    /// The clock. Default: [`Clock::system`].
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Lets it join `registry`, by its name. Default: it joins none.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Builds it, with nothing under way.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob whose value cannot work, and when the registry has a living one of the
    /// same name.
    pub fn build(self) -> Result<LoadShed, ConfigError> {
        self.check(&self.name, Check::default())?;
        let core = Arc::new(Inspected::new(Core::new(
            self.name,
            self.clock,
            &self.config,
        )));
        join(self.registry.as_ref(), &core)?;
        Ok(LoadShed::from_core(core))
    }

    /// The numbers for the living one `name`, if they can work and nothing else was set.
    pub(super) fn into_live(self, name: &Name) -> Result<Config, ConfigError> {
        let mut check = Check::default();
        if self.config.probe.is_some() {
            check.problem("probe", "set", "set only when it is built");
        }
        self.check(name, check)?;
        Ok(self.config)
    }

    fn check(&self, name: &Name, mut check: Check) -> Result<(), ConfigError> {
        self.config.check(&mut check);
        check.finish(KIND, name)
    }
}
