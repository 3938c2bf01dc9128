//! From numbers to handles.

use ovasabi_core::inspect::Registry;
use ovasabi_core::reject::Name;
use ovasabi_core::time::Clock;

use super::super::error::Problems;
use super::super::limit::TimeLimit;
use super::super::run::Run;
use super::super::{ClientConfig, Part};
use crate::breaker::{CircuitBreaker, CircuitBreakerBuilder};
use crate::concurrency::{ConcurrencyLimiter, ConcurrencyLimiterBuilder};
use crate::config::ConfigError;
use crate::rate_limit::{Quota, RateLimiter, RateLimiterBuilder};
use crate::retry::{RetryBudget, RetryBudgetBuilder, RetryPolicy, RetryPolicyBuilder};
use crate::shed::Throttle;
use crate::shed::throttle::ThrottleBuilder;

/// What all parts of a stack are made with.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) name: Name,
    pub(super) clock: Clock,
    pub(super) registry: Option<Registry>,
}

/// Handles of one's own, in place of those that numbers would make.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    pub(super) rate_limit: Option<RateLimiter>,
    pub(super) budget: Option<RetryBudget>,
    pub(super) breaker: Option<CircuitBreaker>,
    pub(super) concurrency: Option<ConcurrencyLimiter>,
}

impl Base {
    /// Builds all parts that are on; what cannot be is told to `problems`.
    pub(super) fn build(
        &self,
        config: &ClientConfig,
        given: &Given,
        problems: &mut Problems,
    ) -> Run<RateLimiter> {
        let on = |part| config.has(part);
        Run {
            name: self.name.clone(),
            clock: self.clock.clone(),
            deadline: TimeLimit::new(config.deadline.filter(|_| on(Part::Deadline))),
            throttle: self
                .throttle(config)
                .and_then(|builder| problems.take(Part::Throttle, builder.build())),
            gate: given.rate_limit.clone().or_else(|| {
                let quota = self.quota(config, problems)?;
                problems.take(Part::RateLimit, self.rate_limiter(quota).build())
            }),
            retry: on(Part::Retry)
                .then(|| self.retry(config, given))
                .and_then(|built| problems.take(Part::Retry, built)),
            breaker: match &given.breaker {
                Some(breaker) => Some(breaker.clone()),
                None => on(Part::Breaker)
                    .then(|| self.breaker(config).build())
                    .and_then(|built| problems.take(Part::Breaker, built)),
            },
            timeout: TimeLimit::new(config.timeout.filter(|_| on(Part::Timeout))),
            concurrency: match &given.concurrency {
                Some(limiter) => Some(limiter.clone()),
                None => on(Part::Concurrency)
                    .then(|| self.concurrency(config).build())
                    .and_then(|built| problems.take(Part::Concurrency, built)),
            },
        }
    }

    /// What the throttle is built from, if the part is on.
    pub(super) fn throttle(&self, config: &ClientConfig) -> Option<ThrottleBuilder> {
        let numbers = config
            .throttle
            .as_ref()
            .filter(|_| config.has(Part::Throttle))?;
        let builder = Throttle::builder(self.name.clone()).clock(self.clock.clone());
        let builder = numbers.apply(builder);
        Some(match &self.registry {
            Some(registry) => builder.inspect(registry),
            None => builder,
        })
    }

    /// The quota, if the part is on and it can be.
    pub(super) fn quota(&self, config: &ClientConfig, problems: &mut Problems) -> Option<Quota> {
        let limit = config
            .rate_limit
            .as_ref()
            .filter(|_| config.has(Part::RateLimit))?;
        problems.quota(limit)
    }

    pub(super) fn rate_limiter(&self, quota: Quota) -> RateLimiterBuilder {
        let builder = RateLimiter::builder(self.name.clone(), quota).clock(self.clock.clone());
        match &self.registry {
            Some(registry) => builder.inspect(registry),
            None => builder,
        }
    }

    fn retry(&self, config: &ClientConfig, given: &Given) -> Result<RetryPolicy, ConfigError> {
        let budget = match &given.budget {
            Some(budget) => Ok(budget.clone()),
            None => self.budget(config).build(),
        };
        match budget {
            Ok(budget) => self.retry_policy(config).budget(budget).build(),
            // Its own problems come first; those of the policy are told all the same.
            Err(error) => match self.retry_policy(config).build() {
                Ok(_) => Err(error),
                Err(policy) => Err(error.and(policy)),
            },
        }
    }

    pub(super) fn retry_policy(&self, config: &ClientConfig) -> RetryPolicyBuilder {
        let builder = config.retry.apply(RetryPolicy::builder(self.name.clone()));
        match &self.registry {
            Some(registry) => builder.inspect(registry),
            None => builder,
        }
    }

    pub(super) fn budget(&self, config: &ClientConfig) -> RetryBudgetBuilder {
        let builder = RetryBudget::builder(self.name.clone()).clock(self.clock.clone());
        let builder = config.retry.apply_budget(builder);
        match &self.registry {
            Some(registry) => builder.inspect(registry),
            None => builder,
        }
    }

    pub(super) fn breaker(&self, config: &ClientConfig) -> CircuitBreakerBuilder {
        let builder = CircuitBreaker::builder(self.name.clone()).clock(self.clock.clone());
        let builder = config.breaker.apply(builder);
        match &self.registry {
            Some(registry) => builder.inspect(registry),
            None => builder,
        }
    }

    pub(super) fn concurrency(&self, config: &ClientConfig) -> ConcurrencyLimiterBuilder {
        let builder = config.concurrency.builder(self.name.clone());
        let builder = builder.clock(self.clock.clone());
        match &self.registry {
            Some(registry) => builder.inspect(registry),
            None => builder,
        }
    }
}
