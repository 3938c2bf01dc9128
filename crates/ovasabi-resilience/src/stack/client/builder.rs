//! From numbers to a stack.

use std::time::Duration;

use ovasabi_core::inspect::Registry;
use ovasabi_core::reject::Name;
use ovasabi_core::time::Clock;

use super::super::error::{Problems, StackError};
use super::super::{
    BreakerConfig, ClientConfig, ConcurrencyConfig, Order, Part, RateLimitConfig, RetryConfig,
    ThrottleConfig,
};
use super::ClientStack;
use super::parts::{Base, Given};
use crate::breaker::CircuitBreaker;
use crate::concurrency::ConcurrencyLimiter;
use crate::rate_limit::RateLimiter;
use crate::retry::RetryBudget;

/// Builds a [`ClientStack`]; starts with [`Stack::http_client`](crate::stack::Stack::http_client).
///
/// A handle of one's own takes the place of what numbers would make, and keeps its own numbers: its clock must
/// be the stack's.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientStackBuilder {
    base: Base,
    config: ClientConfig,
    given: Given,
    off: Vec<Part>,
}

impl ClientStackBuilder {
    pub(in super::super) fn new(name: Name) -> Self {
        Self {
            base: Base {
                name,
                clock: Clock::system(),
                registry: None,
            },
            config: ClientConfig::default(),
            given: Given::default(),
            off: Vec::new(),
        }
    }

    /// Takes all numbers from `config`.
    pub fn config(mut self, config: ClientConfig) -> Self {
        self.config = config;
        self
    }

    /// The time of a call with all its attempts; default 30 s.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.config.deadline = Some(limit);
        self
    }

    /// Refuses by chance while the service accepts too little; default off.
    pub fn throttle(mut self, numbers: ThrottleConfig) -> Self {
        self.config.throttle = Some(numbers);
        self
    }

    /// The quota of all calls together; default none.
    pub fn rate_limit(mut self, quota: RateLimitConfig) -> Self {
        self.config.rate_limit = Some(quota);
        self
    }

    /// The numbers of the retries.
    pub fn retry(mut self, numbers: RetryConfig) -> Self {
        self.config.retry = numbers;
        self
    }

    /// The numbers of the breaker.
    pub fn breaker(mut self, numbers: BreakerConfig) -> Self {
        self.config.breaker = numbers;
        self
    }

    /// The time of one attempt; default 10 s.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.config.timeout = Some(limit);
        self
    }

    /// How many attempts may be under way at once; default a fixed 100.
    pub fn concurrency(mut self, numbers: ConcurrencyConfig) -> Self {
        self.config.concurrency = numbers;
        self
    }

    /// Turns a part off, whatever its numbers.
    pub fn without(mut self, part: Part) -> Self {
        self.off.push(part);
        self
    }

    /// A rate limiter of one's own, which other stacks may share.
    pub fn with_rate_limiter(mut self, limiter: RateLimiter) -> Self {
        self.given.rate_limit = Some(limiter);
        self
    }

    /// A retry budget of one's own: one for all clients of a service.
    pub fn with_budget(mut self, budget: RetryBudget) -> Self {
        self.given.budget = Some(budget);
        self
    }

    /// A breaker of one's own, which other stacks may share.
    pub fn with_breaker(mut self, breaker: CircuitBreaker) -> Self {
        self.given.breaker = Some(breaker);
        self
    }

    /// A concurrency limiter of one's own, which other stacks may share.
    pub fn with_concurrency(mut self, limiter: ConcurrencyLimiter) -> Self {
        self.given.concurrency = Some(limiter);
        self
    }

    /// What all parts read the time from; default the system clock.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.base.clock = clock;
        self
    }

    /// Lets all parts join `registry`, by the name of the stack. Default: they join none.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.base.registry = Some(registry.clone());
        self
    }

    /// Builds the stack.
    ///
    /// # Errors
    /// [`StackError`] with every number of every part that cannot work, and every part whose name the registry
    /// knows already.
    pub fn build(mut self) -> Result<ClientStack, StackError> {
        if !self.off.is_empty() {
            let on = |part: &Part| self.config.has(*part) && !self.off.contains(part);
            let rest = Part::ALL.into_iter().filter(on).collect();
            self.config.order = Some(Order::fixed(rest));
        }
        let mut problems = Problems::default();
        problems.times(self.config.deadline, self.config.timeout);
        let run = self.base.build(&self.config, &self.given, &mut problems);
        problems.finish(&self.base.name)?;
        Ok(ClientStack::new(run, self.base, self.config, self.given))
    }
}
