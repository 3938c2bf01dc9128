//! The numbers of a client.

use std::time::Duration;

use ovasabi_core::config::duration;
use serde::{Deserialize, Serialize};

use super::super::{Order, Part};
use super::{BreakerConfig, ConcurrencyConfig, RateLimitConfig, RetryConfig, ThrottleConfig};

/// The numbers of a [`ClientStack`](crate::stack::ClientStack). Unknown keys are refused.
///
/// ```
/// use std::time::Duration;
/// use ovasabi_core::config::Loader;
/// use ovasabi_resilience::stack::ClientConfig;
///
/// let text = "deadline = '5s'\n[breaker]\nminimum_calls = 50\n";
/// let config = Loader::<ClientConfig>::new().text("client.toml", text).load()?.into_value();
/// assert_eq!(config.deadline, Some(Duration::from_secs(5)));
/// assert_eq!(config.retry.max_attempts, 3);
/// # Ok::<(), ovasabi_core::config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ClientConfig {
    /// Which parts are on, outermost first; default all that have numbers.
    pub order: Option<Order>,
    /// For a call with all its attempts; default 30 s.
    #[serde(with = "duration::option")]
    pub deadline: Option<Duration>,
    /// Refusing by chance while the service accepts too little; default none.
    pub throttle: Option<ThrottleConfig>,
    /// The quota of all calls together; default none.
    pub rate_limit: Option<RateLimitConfig>,
    /// Trying again.
    pub retry: RetryConfig,
    /// Not calling what is down.
    pub breaker: BreakerConfig,
    /// For one attempt; default 10 s.
    #[serde(with = "duration::option")]
    pub timeout: Option<Duration>,
    /// How many attempts may be under way at once; default a fixed 100.
    pub concurrency: ConcurrencyConfig,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            order: None,
            deadline: Some(Duration::from_secs(30)),
            throttle: None,
            rate_limit: None,
            retry: RetryConfig::default(),
            breaker: BreakerConfig::default(),
            timeout: Some(Duration::from_secs(10)),
            concurrency: ConcurrencyConfig::default(),
        }
    }
}

impl ClientConfig {
    /// Whether a part is on: the order, if one is stated, names it.
    #[must_use]
    pub fn has(&self, part: Part) -> bool {
        let has_numbers = match part {
            Part::Deadline => self.deadline.is_some(),
            Part::Throttle => self.throttle.is_some(),
            Part::RateLimit => self.rate_limit.is_some(),
            Part::Timeout => self.timeout.is_some(),
            Part::LoadShed => false,
            Part::Retry | Part::Breaker | Part::Concurrency => true,
        };
        has_numbers && self.order.as_ref().is_none_or(|order| order.has(part))
    }
}
