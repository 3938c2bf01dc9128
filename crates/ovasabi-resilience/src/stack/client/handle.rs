//! The handle.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ovasabi_core::reject::Name;

use super::super::error::{Problems, StackError};
use super::super::explain;
use super::super::run::Run;
use super::super::{ClientConfig, Part};
use super::ClientLayer;
use super::parts::{Base, Given};
use crate::breaker::CircuitBreaker;
use crate::concurrency::ConcurrencyLimiter;
use crate::rate_limit::RateLimiter;
use crate::retry::RetryPolicy;
use crate::shed::Throttle;

/// All that stands between a client and its transport, as one service.
///
/// Cheap to clone; clones, and the layers and services made of them, share one state. See the
/// [module](crate::stack) for the order of its parts.
#[derive(Clone)]
pub struct ClientStack {
    run: Arc<Run<RateLimiter>>,
    made: Arc<Made>,
}

/// What it was made of, for those who ask and for a reload.
struct Made {
    base: Base,
    config: Mutex<ClientConfig>,
    given: Given,
}

impl ClientStack {
    pub(super) fn new(
        run: Run<RateLimiter>,
        base: Base,
        config: ClientConfig,
        given: Given,
    ) -> Self {
        // What is built for a check later must not join anything.
        let base = Base {
            registry: None,
            ..base
        };
        Self {
            run: Arc::new(run),
            made: Arc::new(Made {
                base,
                config: Mutex::new(config),
                given,
            }),
        }
    }

    /// A layer that is a view of this stack: [`ClientLayer::new`].
    pub fn layer(&self) -> ClientLayer {
        ClientLayer::new(self.clone())
    }

    /// The parts in their order, outermost first, one a line, with their numbers.
    #[must_use]
    pub fn explain(&self) -> String {
        explain::client(
            &self.made.base.name,
            &self.config(),
            &self.made.given_parts(),
        )
    }

    /// Takes over all numbers of `config`, for calls under way too, but for the time of who waits already; windows,
    /// slots, budgets and counters stay as they are. Handles of one's own keep their numbers.
    ///
    /// # Errors
    /// [`StackError`] with every number that cannot work, every part that would have to be turned on or off, and
    /// a concurrency limit that would have to become adaptive or fixed. Nothing has changed then.
    pub fn reload(&self, config: &ClientConfig) -> Result<(), StackError> {
        let Made { base, given, .. } = &*self.made;
        let mut known = self.config();
        let mut problems = Problems::default();
        problems.times(config.deadline, config.timeout);
        for part in Part::ALL {
            problems.kept(part, known.has(part), config.has(part));
        }
        if known.concurrency.adaptive != config.concurrency.adaptive {
            let allowed = format!("{}, as it was built", known.concurrency.adaptive);
            problems.add(
                Part::Concurrency,
                "adaptive",
                config.concurrency.adaptive,
                allowed,
            );
        }
        // Built and thrown away: what can be built can be taken over.
        drop(base.build(config, given, &mut problems));
        problems.finish(&base.name)?;

        let mut problems = Problems::default();
        self.take_over(config, &mut problems);
        problems.finish(&base.name)?;
        *known = config.clone();
        Ok(())
    }

    fn take_over(&self, config: &ClientConfig, problems: &mut Problems) {
        let Made { base, given, .. } = &*self.made;
        let run = &*self.run;
        run.deadline
            .set(config.deadline.filter(|_| config.has(Part::Deadline)));
        run.timeout
            .set(config.timeout.filter(|_| config.has(Part::Timeout)));
        if let Some(throttle) = &run.throttle
            && let Some(builder) = base.throttle(config)
        {
            problems.take(Part::Throttle, throttle.reconfigure(builder));
        }
        if let (Some(limiter), None) = (&run.gate, &given.rate_limit)
            && let Some(quota) = base.quota(config, problems)
        {
            let taken = limiter.reconfigure(base.rate_limiter(quota));
            problems.take(Part::RateLimit, taken);
        }
        if let Some(retry) = &run.retry {
            problems.take(Part::Retry, retry.reconfigure(base.retry_policy(config)));
            if given.budget.is_none() {
                problems.take(Part::Retry, retry.budget().reconfigure(base.budget(config)));
            }
        }
        if let (Some(breaker), None) = (&run.breaker, &given.breaker) {
            problems.take(Part::Breaker, breaker.reconfigure(base.breaker(config)));
        }
        if let (Some(limiter), None) = (&run.concurrency, &given.concurrency) {
            let taken = limiter.reconfigure(base.concurrency(config));
            problems.take(Part::Concurrency, taken);
        }
    }

    /// Its numbers now.
    #[must_use]
    pub fn numbers(&self) -> ClientConfig {
        self.config().clone()
    }

    /// Its throttle, if the part is on.
    #[must_use]
    pub fn throttle(&self) -> Option<&Throttle> {
        self.run.throttle.as_ref()
    }

    /// Its rate limiter, if the part is on.
    #[must_use]
    pub fn rate_limiter(&self) -> Option<&RateLimiter> {
        self.run.gate.as_ref()
    }

    /// Its retry policy, if the part is on.
    #[must_use]
    pub fn retry(&self) -> Option<&RetryPolicy> {
        self.run.retry.as_ref()
    }

    /// Its breaker, if the part is on.
    #[must_use]
    pub fn breaker(&self) -> Option<&CircuitBreaker> {
        self.run.breaker.as_ref()
    }

    /// Its concurrency limiter, if the part is on.
    #[must_use]
    pub fn concurrency(&self) -> Option<&ConcurrencyLimiter> {
        self.run.concurrency.as_ref()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.run.name
    }

    pub(super) fn run(&self) -> &Arc<Run<RateLimiter>> {
        &self.run
    }

    /// Nothing panics while it is held but a formatter of ours.
    fn config(&self) -> MutexGuard<'_, ClientConfig> {
        let config = self.made.config.lock();
        config.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Made {
    /// The parts whose handles are of one's own.
    fn given_parts(&self) -> Vec<Part> {
        let Given {
            rate_limit,
            budget: _,
            breaker,
            concurrency,
        } = &self.given;
        [
            (Part::RateLimit, rate_limit.is_some()),
            (Part::Breaker, breaker.is_some()),
            (Part::Concurrency, concurrency.is_some()),
        ]
        .into_iter()
        .filter_map(|(part, is_given)| is_given.then_some(part))
        .collect()
    }
}

impl fmt::Debug for ClientStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientStack")
            .field("name", self.name())
            .field("numbers", &self.numbers())
            .finish_non_exhaustive()
    }
}
