//! The quota.

use std::num::NonZeroU32;
use std::time::Duration;

use ovasabi_core::config::duration;
use serde::{Deserialize, Serialize};

use crate::rate_limit::{Quota, QuotaError};

/// So many in a period, and so many at once: a [`Quota`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RateLimitConfig {
    /// How many in a period, at an even rate; 1 or more.
    pub limit: NonZeroU32,
    /// The period; default 1 s.
    #[serde(with = "duration", default = "second")]
    pub period: Duration,
    /// How many may come at once after a pause; default as many as `limit`.
    #[serde(default)]
    pub burst: Option<NonZeroU32>,
}

impl RateLimitConfig {
    /// `limit` in a second.
    #[must_use]
    pub fn per_second(limit: NonZeroU32) -> Self {
        Self {
            limit,
            period: second(),
            burst: None,
        }
    }

    pub(in super::super) fn quota(&self) -> Result<Quota, QuotaError> {
        let interval = nanos(self.period).div_ceil(u128::from(self.limit.get()));
        let interval = Duration::from_nanos(u64::try_from(interval).unwrap_or(u64::MAX));
        Quota::one_every(interval)?.with_burst(self.burst.unwrap_or(self.limit))
    }

    pub(in super::super) fn explain(&self) -> String {
        format!(
            "{} in {}, up to {} at once",
            self.limit,
            duration::format(self.period),
            self.burst.unwrap_or(self.limit)
        )
    }
}

fn second() -> Duration {
    Duration::from_secs(1)
}

fn nanos(duration: Duration) -> u128 {
    duration.as_nanos()
}
