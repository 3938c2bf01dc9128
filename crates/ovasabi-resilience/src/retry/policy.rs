//! The handle.

use std::fmt;
use std::sync::Arc;

use ovasabi_core::inspect::{Inspect, Inspected};
use ovasabi_core::reject::Name;

use super::rules::Rules;
use super::shared::Shared;
use super::{RetryBudget, RetryLayer, RetryPolicyBuilder, Totals};
use crate::config::ConfigError;

/// When, how often and how soon calls are tried again. Clones share its numbers, counters and budget.
///
/// ```
/// use std::time::Duration;
/// use ovasabi_resilience::retry::RetryPolicy;
///
/// let policy = RetryPolicy::builder("payments").max_attempts(4).base(Duration::from_millis(20)).build()?;
/// let layer = policy.layer();
/// // Later, with calls under way: nothing that was counted or saved up is lost.
/// policy.reconfigure(RetryPolicy::builder("payments").max_attempts(2))?;
/// # let _ = layer;
/// # Ok::<(), ovasabi_core::Error>(())
/// ```
#[derive(Clone)]
pub struct RetryPolicy(pub(super) Arc<Inspected<Shared>>);

impl RetryPolicy {
    /// Starts to build a policy with this name, which shows in rejections and metrics.
    pub fn builder(name: impl Into<Name>) -> RetryPolicyBuilder {
        RetryPolicyBuilder::new(name.into())
    }

    pub(super) fn new(name: Name, budget: RetryBudget, rules: Rules, seed: Option<u64>) -> Self {
        Self(Arc::new(Inspected::new(Shared::new(
            name, budget, rules, seed,
        ))))
    }

    /// A layer that is a view of this policy: [`RetryLayer::new`].
    pub fn layer(&self) -> RetryLayer {
        RetryLayer::new(self.clone())
    }

    /// Takes over all numbers of `builder`, for calls under way too; counters and budget stay as they are.
    ///
    /// The name, the registry and the seed of the builder are not looked at.
    ///
    /// # Errors
    /// [`ConfigError`] as [`RetryPolicyBuilder::build`], and when the builder names another budget: a budget
    /// has a [`reconfigure`](RetryBudget::reconfigure) of its own. Nothing has changed then.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a builder is used up, as by `build`"
    )]
    pub fn reconfigure(&self, builder: RetryPolicyBuilder) -> Result<(), ConfigError> {
        let rules = builder.rules(self.name(), Some(&self.0.budget))?;
        self.0.change(|known| *known = rules);
        Ok(())
    }

    /// The budget that its retries are taken from.
    #[must_use]
    pub fn budget(&self) -> &RetryBudget {
        &self.0.budget
    }

    /// What was counted since it was built.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.0.tally.totals()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        self.0.name()
    }

    pub(super) fn shared(&self) -> &Arc<Inspected<Shared>> {
        &self.0
    }
}

impl fmt::Debug for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryPolicy")
            .field("name", self.name())
            .field("budget", self.budget())
            .finish_non_exhaustive()
    }
}
