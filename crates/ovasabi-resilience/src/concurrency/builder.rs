//! From knobs to a limiter.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::classify::Priority;
use ovasabi_core::inspect::{Inspected, Registry};
use ovasabi_core::reject::Name;
use ovasabi_core::time::Clock;

use super::config::{Config, Limit, Tuning, ends};
use super::level::Level;
use super::shared::{Core, KIND};
use super::{ConcurrencyLimiter, LimitAlgorithm, Queue};
use crate::config::{Check, ConfigError, join};

/// Builds a [`ConcurrencyLimiter`]; starts with [`ConcurrencyLimiter::builder`] or
/// [`ConcurrencyLimiter::adaptive`]. A knob that is not set keeps its default.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ConcurrencyLimiterBuilder {
    name: Name,
    config: Config,
    clock: Clock,
    registry: Option<Registry>,
    /// Knobs of an adaptive limit that were turned on a fixed one.
    misplaced: Vec<&'static str>,
}

impl ConcurrencyLimiterBuilder {
    pub(super) fn fixed(name: Name, limit: NonZeroU32) -> Self {
        Self::new(name, Limit::Fixed(limit))
    }

    pub(super) fn adaptive(name: Name, algorithm: impl LimitAlgorithm + Clone + Sync) -> Self {
        Self::new(name, Limit::Adaptive(Tuning::new(Arc::new(algorithm))))
    }

    fn new(name: Name, limit: Limit) -> Self {
        Self {
            name,
            config: Config::new(limit),
            clock: Clock::system(),
            registry: None,
            misplaced: Vec::new(),
        }
    }

    /// Within what an adaptive limit stays. 1 to 4 294 967 295; default `1..=200`.
    pub fn bounds(self, bounds: RangeInclusive<u32>) -> Self {
        self.tune("bounds", |tuning| tuning.bounds = ends(&bounds))
    }

    /// What an adaptive limit begins with. Within the bounds; default 20.
    pub fn initial(self, limit: u32) -> Self {
        self.tune("initial", |tuning| tuning.initial = limit)
    }

    /// For how long at least an adaptive limit collects samples before it moves. 10 ms to 60 s; default 500 ms,
    /// with which a change of latency tells within a second wherever in a window it comes.
    pub fn window(self, length: Duration) -> Self {
        self.tune("window", |tuning| tuning.window = length)
    }

    /// How many calls at least an adaptive limit wants to have seen before it moves. 1 to 1 000 000;
    /// default 10.
    pub fn min_samples(self, calls: u32) -> Self {
        self.tune("min_samples", |tuning| tuning.min_samples = calls)
    }

    /// How those wait that find no slot. Default: [`Queue::none`], they are refused at once.
    ///
    /// For [`ConcurrencyLimiter::acquire`] and layers with
    /// [`queued`](super::ConcurrencyLimitLayer::queued); others never wait.
    pub fn queue(mut self, queue: Queue) -> Self {
        self.config.queue = queue;
        self
    }

    /// Keeps a share of the limit for calls of `priority` and above, rounded up to whole slots.
    ///
    /// Above 0.0, all together below 1.0; default: nothing is kept, for any. With 0.1 for
    /// [`Priority::High`] and 0.2 for [`Priority::Critical`], a limit of 10 admits at most seven of
    /// [`Priority::Normal`], eight of `High`, and `Critical` until it is full. One slot is open to all, however
    /// small the limit.
    pub fn reserve(mut self, priority: Priority, share: f64) -> Self {
        self.config.set_reserve(Level::from(priority), share);
        self
    }

    /// The clock. Default: [`Clock::system`]. A fixed limiter reads it only where calls wait.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Joins a registry, to be looked into and steered (`set_limit`). Default: it joins none.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Builds the limiter, all slots free.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob whose value cannot work, or when the registry knows a living limiter of
    /// this name.
    pub fn build(self) -> Result<ConcurrencyLimiter, ConfigError> {
        self.check(&self.name, |_| {})?;
        let Self {
            name,
            config,
            clock,
            registry,
            ..
        } = self;
        let core = Arc::new(Inspected::new(Core::new(name, clock, config)));
        join(registry.as_ref(), &core)?;
        Ok(ConcurrencyLimiter::from_core(core))
    }

    /// The numbers, checked on behalf of `name`, with what else is wrong.
    pub(super) fn into_config(
        self,
        name: &Name,
        more: impl FnOnce(&mut Check, &Limit),
    ) -> Result<Config, ConfigError> {
        self.check(name, |check| more(check, &self.config.limit))?;
        Ok(self.config)
    }

    fn check(&self, name: &Name, more: impl FnOnce(&mut Check)) -> Result<(), ConfigError> {
        let mut check = Check::default();
        for key in &self.misplaced {
            check.problem(key, "set", "set only for an adaptive limiter");
        }
        self.config.check(&mut check);
        more(&mut check);
        check.finish(KIND, name)
    }

    fn tune(mut self, key: &'static str, tune: impl FnOnce(&mut Tuning)) -> Self {
        match self.config.tuning() {
            Some(tuning) => tune(tuning),
            None => self.misplaced.push(key),
        }
        self
    }
}
