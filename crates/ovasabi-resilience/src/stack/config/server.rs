//! The numbers of a server.

use std::num::NonZeroU32;
use std::time::Duration;

use ovasabi_core::config::duration;
use serde::{Deserialize, Deserializer, Serialize};

use super::{ConcurrencyConfig, LoadShedConfig, RateLimitConfig};

/// The numbers of a [`ServerStack`](crate::stack::ServerStack). Unknown keys are refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ServerConfig {
    /// For a request, from its head to the head of its answer; default 30 s. The caller's own may be shorter.
    #[serde(with = "duration::option")]
    pub deadline: Option<Duration>,
    /// Refusing what there is no time for, the least important first; default none.
    pub load_shed: Option<LoadShedConfig>,
    /// How many requests may be under way at once, until the last byte of their answers; default a limit that
    /// follows the latency between 10 and 1000, from 100. Of a part of its numbers the rest is as there; a fixed one
    /// says `adaptive = false`.
    #[serde(deserialize_with = "adaptive")]
    pub concurrency: Option<ConcurrencyConfig>,
    /// The quota of all requests together, or of each key where the stack has a key; default none.
    pub rate_limit: Option<RateLimitConfig>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            deadline: Some(Duration::from_secs(30)),
            load_shed: None,
            concurrency: Some(Adaptive::default().into()),
            rate_limit: None,
        }
    }
}

/// [`ConcurrencyConfig`] with the defaults of a server.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Adaptive {
    limit: NonZeroU32,
    adaptive: bool,
    min: u32,
    max: u32,
}

impl Default for Adaptive {
    fn default() -> Self {
        let ConcurrencyConfig {
            limit, min, max, ..
        } = ConcurrencyConfig::default();
        Self {
            limit,
            adaptive: true,
            min,
            max,
        }
    }
}

impl From<Adaptive> for ConcurrencyConfig {
    fn from(numbers: Adaptive) -> Self {
        Self {
            limit: numbers.limit,
            adaptive: numbers.adaptive,
            min: numbers.min,
            max: numbers.max,
        }
    }
}

fn adaptive<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<ConcurrencyConfig>, D::Error> {
    let numbers = Option::<Adaptive>::deserialize(deserializer)?;
    Ok(numbers.map(ConcurrencyConfig::from))
}
