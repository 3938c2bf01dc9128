//! Building budgets.

use ovasabi_core::inspect::Registry;
use ovasabi_core::reject::Name;
use ovasabi_core::time::Clock;

use super::{KIND, RetryBudget, Terms};
use crate::config::{Check, ConfigError, join};

/// Collects what a [`RetryBudget`] needs; made by [`RetryBudget::builder`] or [`RetryBudget::aws_builder`].
///
/// Tokens are what the account is kept in. One retry costs one of them, unless its cost is set.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct RetryBudgetBuilder {
    name: Name,
    ratio: f64,
    success_deposit: f64,
    floor_per_second: u32,
    reserve: u32,
    failure_cost: u32,
    throttled_cost: u32,
    repay_on_success: bool,
    start_full: bool,
    clock: Clock,
    registry: Option<Registry>,
}

impl RetryBudgetBuilder {
    pub(super) fn new(name: Name) -> Self {
        Self {
            name,
            ratio: 0.2,
            success_deposit: 0.0,
            floor_per_second: 10,
            reserve: 100,
            failure_cost: 1,
            throttled_cost: 1,
            repay_on_success: false,
            start_full: false,
            clock: Clock::system(),
            registry: None,
        }
    }

    /// Tokens for each request that is sent, counted in thousandths: 0.001 to 10, or 0 for none; default 0.2.
    pub fn ratio(mut self, ratio: f64) -> Self {
        self.ratio = ratio;
        self
    }

    /// Tokens for each request that succeeds at the first try, counted in thousandths: 0.001 to 10, or 0 for
    /// none; default 0.
    pub fn success_deposit(mut self, tokens: f64) -> Self {
        self.success_deposit = tokens;
        self
    }

    /// Retries a second that are allowed however few requests are sent, up to 1,000,000; default 10, 0 for
    /// none. Those of one second may be sent at once, and none of them costs tokens.
    pub fn floor_per_second(mut self, retries: u32) -> Self {
        self.floor_per_second = retries;
        self
    }

    /// The most tokens that can be saved up, 1 to 1,000,000; default 100.
    pub fn reserve(mut self, tokens: u32) -> Self {
        self.reserve = tokens;
        self
    }

    /// What the retry of a failure costs: 1 token up to the reserve; default 1.
    pub fn failure_cost(mut self, tokens: u32) -> Self {
        self.failure_cost = tokens;
        self
    }

    /// What the retry of a throttled call ([`Class::Throttled`](ovasabi_core::classify::Class::Throttled))
    /// costs: 1 token up to the reserve; default 1.
    pub fn throttled_cost(mut self, tokens: u32) -> Self {
        self.throttled_cost = tokens;
        self
    }

    /// Whether a retry that succeeds gives back what it cost; default no.
    pub fn repay_on_success(mut self, repay: bool) -> Self {
        self.repay_on_success = repay;
        self
    }

    /// Whether the reserve is there from the beginning; default no: it is saved up.
    pub fn start_full(mut self, full: bool) -> Self {
        self.start_full = full;
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

    /// Builds the budget.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob that is out of range, or when the registry knows a living budget of
    /// this name. A budget that starts full and is never filled again is refused too.
    pub fn build(self) -> Result<RetryBudget, ConfigError> {
        let terms = self.terms(&self.name)?;
        let budget = RetryBudget::new(self.name, self.clock, &terms);
        join(self.registry.as_ref(), budget.shared())?;
        Ok(budget)
    }

    /// The numbers, for the budget `name`, if they can work.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "shares are 0 to 10"
    )]
    pub(super) fn terms(&self, name: &Name) -> Result<Terms, ConfigError> {
        let mut check = Check::default();
        self.check(&mut check);
        check.finish(KIND, name)?;
        let thousandths = |tokens: f64| (tokens * 1_000.0).round() as u64;
        Ok(Terms {
            per_request: thousandths(self.ratio),
            per_success: thousandths(self.success_deposit),
            reserve: tokens(self.reserve),
            failure_cost: tokens(self.failure_cost),
            throttled_cost: tokens(self.throttled_cost),
            floor_per_second: u64::from(self.floor_per_second),
            repay: self.repay_on_success,
            start_full: self.start_full,
        })
    }

    fn check(&self, check: &mut Check) {
        share(check, "ratio", self.ratio);
        share(check, "success_deposit", self.success_deposit);
        check.range("floor_per_second", self.floor_per_second, 0..=1_000_000);
        check.range("reserve", self.reserve, 1..=1_000_000);
        // More than the reserve is never there.
        let affordable = 1..=self.reserve.clamp(1, 1_000_000);
        check.range("failure_cost", self.failure_cost, affordable.clone());
        check.range("throttled_cost", self.throttled_cost, affordable);
        let is_filled =
            self.ratio != 0.0 || self.success_deposit != 0.0 || self.floor_per_second != 0;
        if self.start_full && !is_filled {
            let allowed =
                "set only with a ratio, a success_deposit or a floor: it would be used up for good";
            check.problem("start_full", true, allowed);
        }
    }
}

/// Less than a thousandth would be counted as nothing.
fn share(check: &mut Check, key: &'static str, value: f64) {
    if !(value == 0.0 || (0.001..=10.0).contains(&value)) {
        check.problem(key, value, "0 or 0.001..=10");
    }
}

fn tokens(whole: u32) -> u64 {
    u64::from(whole) * super::account::ONE
}
