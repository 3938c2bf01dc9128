//! From numbers to a stack.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::inspect::Registry;
use ovasabi_core::reject::Name;
use ovasabi_core::time::Clock;
use tower_layer::Identity;

use super::super::error::{Problems, StackError};
use super::super::limit::TimeLimit;
use super::super::run::Run;
use super::super::{ByKey, ConcurrencyConfig, LoadShedConfig, Part, RateLimitConfig, ServerConfig};
use super::{Place, ServerStack};
use crate::concurrency::{ConcurrencyLimiter, ConcurrencyLimiterBuilder};
use crate::rate_limit::{KeyedRateLimiter, RateLimiter, RateLimiterBuilder};
use crate::shed::LoadShed;
use crate::shed::load::LoadShedBuilder;

/// Builds a [`ServerStack`]; starts with [`Stack::http_server`](crate::stack::Stack::http_server).
///
/// `G` is the rate limit; `E`, `A` and `P` are what stands in the slots.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ServerStackBuilder<G = RateLimiter, E = Identity, A = Identity, P = Identity> {
    base: Base,
    config: ServerConfig,
    gate: Option<G>,
    given: Given,
    layers: (E, A, P),
}

/// Handles of one's own, in place of those that numbers would make.
#[derive(Clone, Debug, Default)]
struct Given {
    load_shed: Option<LoadShed>,
    concurrency: Option<ConcurrencyLimiter>,
}

/// What all parts of a stack are made with.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) name: Name,
    pub(super) clock: Clock,
    pub(super) registry: Option<Registry>,
}

impl ServerStackBuilder {
    pub(in super::super) fn new(name: Name) -> Self {
        Self {
            base: Base {
                name,
                clock: Clock::system(),
                registry: None,
            },
            config: ServerConfig::default(),
            gate: None,
            given: Given::default(),
            layers: (Identity::new(), Identity::new(), Identity::new()),
        }
    }
}

impl<G, E, A, P> ServerStackBuilder<G, E, A, P> {
    /// Takes all numbers from `config`.
    pub fn config(mut self, config: ServerConfig) -> Self {
        self.config = config;
        self
    }

    /// The time of a request, from its head to the head of its answer; default 30 s.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.config.deadline = Some(limit);
        self
    }

    /// How many requests may be under way at once, until the last byte of their answers.
    pub fn concurrency(mut self, numbers: ConcurrencyConfig) -> Self {
        self.config.concurrency = Some(numbers);
        self
    }

    /// A concurrency limiter of one's own, in place of the one that numbers would make: it keeps its own numbers,
    /// and its clock must be the stack's.
    pub fn with_concurrency(mut self, limiter: ConcurrencyLimiter) -> Self {
        self.config.concurrency = None;
        self.given.concurrency = Some(limiter);
        self
    }

    /// Refuses what there is no time for, the least important first; default none.
    pub fn load_shed(mut self, numbers: LoadShedConfig) -> Self {
        self.config.load_shed = Some(numbers);
        self
    }

    /// A load shedder of one's own, in place of the one that numbers would make: one with a probe. It keeps its own
    /// numbers, and its clock must be the stack's.
    pub fn with_load_shed(mut self, shed: LoadShed) -> Self {
        self.config.load_shed = None;
        self.given.load_shed = Some(shed);
        self
    }

    /// The quota of each key, in place of one for all: `key` finds the key of a request. The limiter keeps its own
    /// numbers, and its clock must be the stack's.
    pub fn rate_limit_by<K: ?Sized, F>(
        self,
        keyed: KeyedRateLimiter<K>,
        key: F,
    ) -> ServerStackBuilder<ByKey<K, F>, E, A, P> {
        let Self {
            base,
            mut config,
            given,
            layers,
            ..
        } = self;
        config.rate_limit = None;
        ServerStackBuilder {
            base,
            config,
            gate: Some(ByKey::new(keyed, key)),
            given,
            layers,
        }
    }

    /// Puts a foreign layer into a slot: `.at(Slot::Auth, AuthLayer::required(verifier))`.
    pub fn at<S, L>(self, slot: S, layer: L) -> S::Filled
    where
        S: Place<Self, L>,
    {
        slot.fill(self, layer)
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

    pub(super) fn with_layers<E2, A2, P2>(
        self,
        change: impl FnOnce((E, A, P)) -> (E2, A2, P2),
    ) -> ServerStackBuilder<G, E2, A2, P2> {
        ServerStackBuilder {
            base: self.base,
            config: self.config,
            gate: self.gate,
            given: self.given,
            layers: change(self.layers),
        }
    }
}

impl<E, A, P> ServerStackBuilder<RateLimiter, E, A, P> {
    /// The quota of all requests together; default none.
    pub fn rate_limit(mut self, quota: RateLimitConfig) -> Self {
        self.config.rate_limit = Some(quota);
        self
    }

    /// Builds the stack.
    ///
    /// # Errors
    /// [`StackError`] with every number of every part that cannot work, and every part whose name the registry
    /// knows already.
    pub fn build(self) -> Result<ServerStack<RateLimiter, E, A, P>, StackError> {
        let mut problems = Problems::default();
        let gate = self.base.rate_limiter(&self.config, &mut problems);
        let gate = gate.and_then(|builder| problems.take(Part::RateLimit, builder.build()));
        self.finish(gate, problems)
    }
}

impl<K: ?Sized, F, E, A, P> ServerStackBuilder<ByKey<K, F>, E, A, P> {
    /// Builds the stack.
    ///
    /// # Errors
    /// [`StackError`] with every number of every part that cannot work, and every part whose name the registry
    /// knows already.
    pub fn build(mut self) -> Result<ServerStack<ByKey<K, F>, E, A, P>, StackError> {
        let gate = self.gate.take();
        self.finish(gate, Problems::default())
    }
}

impl<G, E, A, P> ServerStackBuilder<G, E, A, P> {
    fn finish(
        self,
        gate: Option<G>,
        mut problems: Problems,
    ) -> Result<ServerStack<G, E, A, P>, StackError> {
        let Self {
            base,
            config,
            given,
            layers,
            ..
        } = self;
        let mut outer = base.outer(&config, &mut problems);
        problems.finish(&base.name)?;
        outer.gate = given.load_shed.or(outer.gate);
        outer.concurrency = given.concurrency.or(outer.concurrency);
        let inner = Run {
            gate,
            ..base.empty()
        };
        Ok(ServerStack::new(
            Arc::new(outer),
            Arc::new(inner),
            (base, config),
            layers,
        ))
    }
}

impl Base {
    fn empty<G>(&self) -> Run<G> {
        Run {
            name: self.name.clone(),
            clock: self.clock.clone(),
            deadline: TimeLimit::new(None),
            throttle: None,
            gate: None,
            retry: None,
            breaker: None,
            timeout: TimeLimit::new(None),
            concurrency: None,
        }
    }

    /// The run outside of [`Slot::Auth`](super::Slot::Auth).
    pub(super) fn outer(&self, config: &ServerConfig, problems: &mut Problems) -> Run<LoadShed> {
        problems.times(config.deadline, None);
        let limiter = config
            .concurrency
            .as_ref()
            .map(|numbers| self.concurrency(numbers).build());
        let shed = config
            .load_shed
            .as_ref()
            .map(|numbers| self.load_shed(numbers).build());
        Run {
            deadline: TimeLimit::new(config.deadline),
            gate: shed.and_then(|built| problems.take(Part::LoadShed, built)),
            concurrency: limiter.and_then(|built| problems.take(Part::Concurrency, built)),
            ..self.empty()
        }
    }

    pub(super) fn load_shed(&self, numbers: &LoadShedConfig) -> LoadShedBuilder {
        let builder = numbers.apply(LoadShed::builder(self.name.clone()));
        let builder = builder.clock(self.clock.clone());
        match &self.registry {
            Some(registry) => builder.inspect(registry),
            None => builder,
        }
    }

    pub(super) fn concurrency(&self, numbers: &ConcurrencyConfig) -> ConcurrencyLimiterBuilder {
        let builder = numbers.builder(self.name.clone());
        let builder = builder.clock(self.clock.clone());
        match &self.registry {
            Some(registry) => builder.inspect(registry),
            None => builder,
        }
    }

    pub(super) fn rate_limiter(
        &self,
        config: &ServerConfig,
        problems: &mut Problems,
    ) -> Option<RateLimiterBuilder> {
        let quota = problems.quota(config.rate_limit.as_ref()?)?;
        let builder = RateLimiter::builder(self.name.clone(), quota).clock(self.clock.clone());
        Some(match &self.registry {
            Some(registry) => builder.inspect(registry),
            None => builder,
        })
    }
}
