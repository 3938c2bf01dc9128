//! From knobs to a policy.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::backoff::{Backoff, Exponential};
use ovasabi_core::inspect::Registry;
use ovasabi_core::reject::Name;

use super::rules::{Overflow, Pauses, Rules};
use super::{KIND, RetryBudget, RetryPolicy};
use crate::config::{Check, ConfigError, join};

/// Builds a [`RetryPolicy`]; starts with [`RetryPolicy::builder`]. A knob that is not set keeps its default.
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct RetryPolicyBuilder {
    name: Name,
    max_attempts: u32,
    base: Duration,
    throttled_base: Duration,
    cap: Duration,
    custom: Option<Arc<dyn Backoff>>,
    max_retry_after: Duration,
    min_attempt_time: Duration,
    per_try_timeout: Option<Duration>,
    overflow: Overflow,
    budget: Option<RetryBudget>,
    seed: Option<u64>,
    registry: Option<Registry>,
}

const MILLI: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Those of one request; more are a loop that nobody wants.
const MOST_ATTEMPTS: u32 = 100;

impl RetryPolicyBuilder {
    pub(super) fn new(name: Name) -> Self {
        Self {
            name,
            max_attempts: 3,
            base: Duration::from_millis(50),
            throttled_base: Duration::from_secs(1),
            cap: Duration::from_secs(20),
            custom: None,
            max_retry_after: Duration::from_secs(20),
            min_attempt_time: MILLI,
            per_try_timeout: None,
            overflow: Overflow::Wait,
            budget: None,
            seed: None,
            registry: None,
        }
    }

    /// How often a request is sent at most, the first time included.
    ///
    /// 1 to 100. Default: 3.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// What the pause after the first failure is drawn from: uniform from zero to this. It doubles with each
    /// further failure, up to [`cap`](Self::cap).
    ///
    /// 1 ms to 1 h. Default: 50 ms.
    pub fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// The same after a throttled call (429, `RESOURCE_EXHAUSTED`).
    ///
    /// 1 ms to 1 h. Default: 1 s.
    pub fn throttled_base(mut self, base: Duration) -> Self {
        self.throttled_base = base;
        self
    }

    /// The longest pause of the backoff, whichever it is; applied last. What a server asks for is not capped
    /// by it.
    ///
    /// 1 ms to 1 h, and not below the bases. Default: 20 s.
    pub fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// Another backoff for all classes; the bases are not used then, [`cap`](Self::cap) is. A delay of
    /// [`Duration::MAX`] means that there is to be no further attempt.
    pub fn backoff(mut self, backoff: impl Backoff + 'static) -> Self {
        self.custom = Some(Arc::new(backoff));
        self
    }

    /// The longest pause that a server may ask for, with `Retry-After` or a gRPC pushback. When it asks for
    /// more, its answer is given back at once; when for less, the backoff adds to what it asks for.
    ///
    /// Zero to 1 h. Default: 20 s.
    pub fn max_retry_after(mut self, longest: Duration) -> Self {
        self.max_retry_after = longest;
        self
    }

    /// The time that must be left for an attempt, after the pause and before the caller's deadline.
    ///
    /// Zero to 1 h. Default: 1 ms, the step of the timers.
    pub fn min_attempt_time(mut self, least: Duration) -> Self {
        self.min_attempt_time = least;
        self
    }

    /// How long one attempt may take, waiting for readiness included. A slower one is dropped, and tried again
    /// as a call that may have been done; the last is answered with
    /// [`TimedOut`](ovasabi_core::reject::RejectKind::TimedOut).
    ///
    /// 1 ms to 1 h, or `None`: no limit. Default: none.
    pub fn per_try_timeout(mut self, longest: impl Into<Option<Duration>>) -> Self {
        self.per_try_timeout = longest.into();
        self
    }

    /// What becomes of a retry when the service inside is not ready. Default: [`Overflow::Wait`].
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// How many retries there may be in all. Default: a budget of its own, with the defaults of
    /// [`RetryBudget::builder`], this name, and this registry.
    pub fn budget(mut self, budget: RetryBudget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Draws the jitter from a sequence that repeats: for tests. Default: a different one for each policy.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Lets the policy join `registry`, by its name. Default: it joins none.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Builds the policy.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob whose value cannot work, and when the registry has a living policy, or a
    /// living budget if it needs one of its own, of the same name.
    pub fn build(self) -> Result<RetryPolicy, ConfigError> {
        let rules = self.rules(&self.name, None)?;
        let budget = match self.budget {
            Some(budget) => budget,
            None => {
                let builder = RetryBudget::builder(self.name.clone());
                match &self.registry {
                    Some(registry) => builder.inspect(registry).build()?,
                    None => builder.build()?,
                }
            }
        };
        let policy = RetryPolicy::new(self.name, budget, rules, self.seed);
        join(self.registry.as_ref(), policy.shared())?;
        Ok(policy)
    }

    /// The numbers, for the policy `name`, if they can work. A policy that is there already has its budget.
    pub(super) fn rules(
        &self,
        name: &Name,
        has: Option<&RetryBudget>,
    ) -> Result<Rules, ConfigError> {
        let mut check = Check::default();
        self.check(&mut check);
        if let (Some(has), Some(wanted)) = (has, &self.budget)
            && !has.is(wanted)
        {
            let allowed =
                "the budget that the policy was built with, which has a `reconfigure` of its own";
            check.problem("budget", wanted.name(), allowed);
        }
        check.finish(KIND, name)?;
        Ok(Rules {
            // In range, so that there is nothing to fall back from.
            max_attempts: NonZeroU32::new(self.max_attempts).unwrap_or(NonZeroU32::MIN),
            pauses: match &self.custom {
                Some(custom) => Pauses::Custom(Arc::clone(custom)),
                None => Pauses::Full {
                    failure: Exponential::new(self.base, self.cap),
                    throttled: Exponential::new(self.throttled_base, self.cap),
                },
            },
            cap: self.cap,
            max_retry_after: self.max_retry_after,
            min_attempt_time: self.min_attempt_time,
            per_try_timeout: self.per_try_timeout,
            overflow: self.overflow,
        })
    }

    fn check(&self, check: &mut Check) {
        check.range("max_attempts", self.max_attempts, 1..=MOST_ATTEMPTS);
        check.duration("base", self.base, MILLI..=HOUR);
        check.duration("throttled_base", self.throttled_base, MILLI..=HOUR);
        let highest = match self.custom {
            Some(_) => MILLI,
            None => self.base.max(self.throttled_base).clamp(MILLI, HOUR),
        };
        check.duration("cap", self.cap, highest..=HOUR);
        check.duration(
            "max_retry_after",
            self.max_retry_after,
            Duration::ZERO..=HOUR,
        );
        check.duration(
            "min_attempt_time",
            self.min_attempt_time,
            Duration::ZERO..=HOUR,
        );
        if let Some(longest) = self.per_try_timeout {
            check.duration("per_try_timeout", longest, MILLI..=HOUR);
        }
    }
}

impl fmt::Debug for RetryPolicyBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryPolicyBuilder")
            .field("name", &self.name)
            .field("max_attempts", &self.max_attempts)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}
