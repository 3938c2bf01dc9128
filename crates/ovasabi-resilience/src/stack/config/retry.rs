//! The retries' numbers.

use std::time::Duration;

use ovasabi_core::config::duration;
use serde::{Deserialize, Serialize};

use crate::retry::{RetryBudgetBuilder, RetryPolicyBuilder};

/// The numbers of a [`RetryPolicy`](crate::retry::RetryPolicy) and its budget, as their builders know them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct RetryConfig {
    /// How often a request is sent at most, the first time included; 1 to 100, default 3.
    pub max_attempts: u32,
    /// What the first pause is drawn from; 1 ms to 1 h, default 50 ms.
    #[serde(with = "duration")]
    pub base: Duration,
    /// The same after a throttled call; default 1 s.
    #[serde(with = "duration")]
    pub throttled_base: Duration,
    /// The longest pause; default 20 s.
    #[serde(with = "duration")]
    pub cap: Duration,
    /// The longest pause that a server may ask for; default 20 s.
    #[serde(with = "duration")]
    pub max_retry_after: Duration,
    /// Retries for each request that is sent; 0 or 0.001 to 10, default 0.2. Not for a budget of one's own.
    pub budget_ratio: f64,
    /// Retries a second that are allowed however few requests are sent; default 10. Not for a budget of one's own.
    pub budget_floor_per_second: u32,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            base: Duration::from_millis(50),
            throttled_base: Duration::from_secs(1),
            cap: Duration::from_secs(20),
            max_retry_after: Duration::from_secs(20),
            budget_ratio: 0.2,
            budget_floor_per_second: 10,
        }
    }
}

impl RetryConfig {
    pub(in super::super) fn apply(&self, builder: RetryPolicyBuilder) -> RetryPolicyBuilder {
        builder
            .max_attempts(self.max_attempts)
            .base(self.base)
            .throttled_base(self.throttled_base)
            .cap(self.cap)
            .max_retry_after(self.max_retry_after)
    }

    pub(in super::super) fn apply_budget(&self, builder: RetryBudgetBuilder) -> RetryBudgetBuilder {
        builder
            .ratio(self.budget_ratio)
            .floor_per_second(self.budget_floor_per_second)
    }

    pub(in super::super) fn explain(&self) -> String {
        format!(
            "up to {} attempts, pauses from {} doubling to {}; {} retries a request and {} a second",
            self.max_attempts,
            duration::format(self.base),
            duration::format(self.cap),
            self.budget_ratio,
            self.budget_floor_per_second
        )
    }
}
