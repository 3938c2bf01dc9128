//! The concurrency limit's numbers.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use ovasabi_core::reject::Name;
use serde::{Deserialize, Serialize};

use crate::concurrency::{ConcurrencyLimiter, ConcurrencyLimiterBuilder, Gradient2};

/// How many may run at once: a fixed number, or one that follows the latency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ConcurrencyConfig {
    /// The fixed limit, or what an adaptive one begins with; 1 or more, default 100.
    pub limit: NonZeroU32,
    /// Whether the limit follows the latency ([`Gradient2`]); default no; yes in the
    /// file of a server ([`ServerConfig`](super::super::ServerConfig)).
    pub adaptive: bool,
    /// The least that an adaptive limit can become; default 10.
    pub min: u32,
    /// The most that an adaptive limit can become; default 1000.
    pub max: u32,
}

impl Default for ConcurrencyConfig {
    fn default() -> Self {
        Self {
            limit: NonZeroU32::MIN.saturating_add(99),
            adaptive: false,
            min: 10,
            max: 1_000,
        }
    }
}

impl ConcurrencyConfig {
    /// A fixed limit.
    #[must_use]
    pub fn fixed(limit: NonZeroU32) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// A limit that follows the latency, within `bounds`; it begins with 20, as far as they allow.
    #[must_use]
    pub fn adaptive(bounds: RangeInclusive<u32>) -> Self {
        let (min, max) = bounds.into_inner();
        let first = 20.min(max).max(min);
        Self {
            limit: NonZeroU32::new(first).unwrap_or(NonZeroU32::MIN),
            adaptive: true,
            min,
            max,
        }
    }

    pub(in super::super) fn builder(&self, name: Name) -> ConcurrencyLimiterBuilder {
        if self.adaptive {
            ConcurrencyLimiter::adaptive(name, Gradient2::default())
                .bounds(self.min..=self.max)
                .initial(self.limit.get())
        } else {
            ConcurrencyLimiter::builder(name, self.limit)
        }
    }

    pub(in super::super) fn explain(&self) -> String {
        if self.adaptive {
            format!(
                "follows the latency between {} and {}, from {}",
                self.min, self.max, self.limit
            )
        } else {
            format!("at most {} at once", self.limit)
        }
    }
}
