//! Building budgets.

use ovasabi_core::inspect::Registry;
use ovasabi_core::reject::Name;
use ovasabi_core::time::Clock;

use super::RetryBudget;
use crate::config::{Check, ConfigError, join};

/// Collects what a [`RetryBudget`] needs; made by [`RetryBudget::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct RetryBudgetBuilder {
    pub(super) name: Name,
    pub(super) ratio: f64,
    pub(super) floor_per_second: u32,
    pub(super) reserve: u32,
    pub(super) clock: Clock,
    registry: Option<Registry>,
}

impl RetryBudgetBuilder {
    pub(super) fn new(name: Name) -> Self {
        Self {
            name,
            ratio: 0.2,
            floor_per_second: 10,
            reserve: 100,
            clock: Clock::system(),
            registry: None,
        }
    }

    /// Retries for each request that is sent, counted in thousandths: 0.001 to 10, or 0 for none; default 0.2.
    pub fn ratio(mut self, ratio: f64) -> Self {
        self.ratio = ratio;
        self
    }

    /// Retries a second that are allowed however few requests are sent, up to 1,000,000; default 10, 0 for
    /// none. Those of one second may be sent at once.
    pub fn floor_per_second(mut self, retries: u32) -> Self {
        self.floor_per_second = retries;
        self
    }

    /// The most retries that can be saved up, 1 to 1,000,000; default 100.
    pub fn reserve(mut self, retries: u32) -> Self {
        self.reserve = retries;
        self
    }

    /// What the floor reads the time from; default the system clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Joins a registry, to be looked into.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Builds the budget. Nothing is saved up yet; the floor is there.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob that is out of range, or when the registry knows a living budget of
    /// this name.
    pub fn build(self) -> Result<RetryBudget, ConfigError> {
        let mut check = Check::default();
        // Less than a thousandth would be counted as nothing.
        if !(self.ratio == 0.0 || (0.001..=10.0).contains(&self.ratio)) {
            check.problem("ratio", self.ratio, "0 or 0.001..=10");
        }
        check.range("floor_per_second", self.floor_per_second, 0..=1_000_000);
        check.range("reserve", self.reserve, 1..=1_000_000);
        check.finish("retry_budget", &self.name)?;
        let registry = self.registry.clone();
        let budget = RetryBudget::new(self);
        join(registry.as_ref(), budget.shared())?;
        Ok(budget)
    }
}
