//! Limits by client address, and by who is calling.

use std::net::IpAddr;

use ovasabi_core::context::Subject;
use ovasabi_core::inspect::Registry;
use ovasabi_resilience::config::ConfigError;
use ovasabi_resilience::rate_limit::{KeyedRateLimiter, Quota};

use crate::config::LimitsConfig;

/// Who may ask how often. Clones share the buckets.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Logins and registrations of one address: guessing must be slow.
    pub(super) auth: KeyedRateLimiter<IpAddr>,
    /// Everything else of one address.
    pub(super) api: KeyedRateLimiter<IpAddr>,
    /// What one user asks, wherever from: behind authentication.
    pub(super) caller: KeyedRateLimiter<Subject>,
}

impl Limits {
    pub(crate) fn new(config: &LimitsConfig, registry: &Registry) -> Result<Self, ConfigError> {
        let by_address = |name: &'static str, quota| {
            KeyedRateLimiter::<IpAddr>::builder(name, quota)
                .inspect(registry)
                .build()
        };
        let caller = Quota::per_second(config.caller_per_second);
        Ok(Self {
            auth: by_address("gateway-auth", Quota::per_minute(config.auth_per_minute))?,
            api: by_address("gateway-api", Quota::per_second(config.api_per_second))?,
            caller: KeyedRateLimiter::<Subject>::builder("gateway-caller", caller)
                .inspect(registry)
                .build()?,
        })
    }
}
