//! How much more a failing service may be asked.

mod account;
mod builder;
mod dry;
#[cfg(all(test, ovasabi_loom))]
mod loom_models;
mod shared;

use std::fmt;
use std::sync::Arc;

use ovasabi_core::classify::Class;
use ovasabi_core::inspect::{Inspect, Inspected};
use ovasabi_core::reject::Name;
use ovasabi_core::time::{Clock, Tick};

use crate::config::ConfigError;
use shared::Shared;

pub(crate) use account::Withdrawal;
pub use builder::RetryBudgetBuilder;
pub use dry::TARGET;

/// What a budget is called in metrics and registries.
const KIND: &str = "retry_budget";

/// Retries that may still be sent. Clones share them: give one to all clients of one service.
///
/// Each request that is sent deposits a share of a token, each retry withdraws what its class costs; beyond
/// that a floor of so many retries a second keeps a quiet client able to retry at all. All sides are exact
/// under any number of threads.
///
/// ```
/// use ovasabi_core::classify::Class;
/// use ovasabi_resilience::retry::RetryBudget;
///
/// let budget = RetryBudget::builder("payments").ratio(0.5).floor_per_second(0).build()?;
/// (0..4).for_each(|_| budget.deposit());
/// assert!(budget.withdraw(Class::Failure) && budget.withdraw(Class::Failure));
/// assert!(!budget.withdraw(Class::Failure), "two retries for four requests");
/// # Ok::<(), ovasabi_core::Error>(())
/// ```
#[derive(Clone)]
pub struct RetryBudget(Arc<Inspected<Shared>>);

/// The validated numbers of a budget, in thousandths of a token.
#[derive(Clone, Copy, Debug)]
struct Terms {
    per_request: u64,
    per_success: u64,
    reserve: u64,
    failure_cost: u64,
    throttled_cost: u64,
    /// Whole retries.
    floor_per_second: u64,
    repay: bool,
    start_full: bool,
}

impl RetryBudget {
    /// Starts to build a budget: a fifth more load, ten retries a second at least, a hundred saved up at most.
    pub fn builder(name: impl Into<Name>) -> RetryBudgetBuilder {
        RetryBudgetBuilder::new(name.into())
    }

    /// The bucket of the AWS SDKs: 500 tokens from the beginning and at most, a retry costs 14 or, after a
    /// throttled call, 5 and gives it back when it succeeds; a success at the first try gives 1. No floor.
    ///
    /// Source: AWS SDK retry behaviour, standard mode 2.1 (smithy-rs, `retries/token_bucket.rs`).
    pub fn aws_builder(name: impl Into<Name>) -> RetryBudgetBuilder {
        RetryBudgetBuilder::new(name.into())
            .ratio(0.0)
            .floor_per_second(0)
            .success_deposit(1.0)
            .reserve(500)
            .failure_cost(14)
            .throttled_cost(5)
            .repay_on_success(true)
            .start_full(true)
    }

    fn new(name: Name, clock: Clock, terms: &Terms) -> Self {
        Self(Arc::new(Inspected::new(Shared::new(name, clock, terms))))
    }

    /// Takes over all numbers of `builder`; what is saved up stays, as far as the new reserve holds it.
    ///
    /// The name, the clock, the registry and [`start_full`](RetryBudgetBuilder::start_full) of the builder are
    /// not looked at.
    ///
    /// # Errors
    /// [`ConfigError`] as [`RetryBudgetBuilder::build`]; nothing has changed then.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a builder is used up, as by `build`"
    )]
    pub fn reconfigure(&self, builder: RetryBudgetBuilder) -> Result<(), ConfigError> {
        self.0.change(&builder.terms(self.name())?);
        Ok(())
    }

    /// Counts a request that is sent for the first time.
    #[inline]
    pub fn deposit(&self) {
        self.0.account().request();
    }

    /// Takes what the retry of a call of this class costs, or one retry of the floor, if there is one.
    #[must_use = "a retry that was not allowed must not be sent"]
    pub fn withdraw(&self, class: Class) -> bool {
        self.take(class, || self.now()).is_some()
    }

    /// Tokens that are saved up, in whole ones, without the floor.
    #[must_use]
    pub fn balance(&self) -> u64 {
        self.0.account().saved() / account::ONE
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        self.0.name()
    }

    /// As [`RetryBudget::withdraw`], with what is to be given back; `now` is asked for only where the floor
    /// decides.
    pub(crate) fn take(&self, class: Class, now: impl FnOnce() -> Tick) -> Option<Withdrawal> {
        self.0.take(class, now)
    }

    /// A retry was not sent after all.
    pub(crate) fn refund(&self, taken: Withdrawal) {
        self.0.refund(taken);
    }

    /// A request succeeded: at the first try, or at a retry that had taken this.
    #[inline]
    pub(crate) fn succeeded(&self, taken: Option<Withdrawal>) {
        match taken {
            None => self.0.account().success(),
            Some(taken) => self.0.repay(taken),
        }
    }

    pub(crate) fn now(&self) -> Tick {
        self.0.now()
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn shared(&self) -> &Arc<Inspected<Shared>> {
        &self.0
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget")
            .field("name", self.name())
            .field("balance", &self.balance())
            .finish_non_exhaustive()
    }
}
