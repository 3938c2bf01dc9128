//! Building limiters.

use std::num::NonZeroU32;

use ovasabi_core::inspect::Registry;
use ovasabi_core::reject::Name;

use super::ConcurrencyLimiter;
use crate::config::{ConfigError, join};

/// Collects what a [`ConcurrencyLimiter`] needs; made by [`ConcurrencyLimiter::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ConcurrencyLimiterBuilder {
    pub(super) name: Name,
    pub(super) limit: NonZeroU32,
    registry: Option<Registry>,
}

impl ConcurrencyLimiterBuilder {
    pub(super) fn new(name: Name, limit: NonZeroU32) -> Self {
        Self {
            name,
            limit,
            registry: None,
        }
    }

    /// Joins a registry, to be looked into and steered (`set_limit`).
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Builds the limiter, all slots free.
    ///
    /// # Errors
    /// [`ConfigError`] when the registry knows a living limiter of this name.
    pub fn build(self) -> Result<ConcurrencyLimiter, ConfigError> {
        let registry = self.registry.clone();
        let limiter = ConcurrencyLimiter::new(self);
        join(registry.as_ref(), limiter.shared())?;
        Ok(limiter)
    }
}
