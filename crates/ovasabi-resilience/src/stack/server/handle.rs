//! The handle.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ovasabi_core::reject::Name;
use tower_layer::Identity;

use super::super::error::{Problems, StackError};
use super::super::explain;
use super::super::run::Run;
use super::super::{Part, ServerConfig};
use super::ServerLayer;
use super::builder::Base;
use crate::concurrency::ConcurrencyLimiter;
use crate::rate_limit::RateLimiter;
use crate::shed::LoadShed;

/// All that stands between a server and its handlers, in two runs of one service each, with slots for foreign
/// layers.
///
/// Cheap to clone; clones, and the layers and services made of them, share one state. See the
/// [module](crate::stack) for the order of its parts.
pub struct ServerStack<G = RateLimiter, E = Identity, A = Identity, P = Identity> {
    pub(super) outer: Arc<Run<LoadShed>>,
    pub(super) inner: Arc<Run<G>>,
    made: Arc<Made>,
    pub(super) layers: (E, A, P),
}

/// What it was made of, for those who ask and for a reload.
struct Made {
    base: Base,
    config: Mutex<ServerConfig>,
}

impl<G, E, A, P> ServerStack<G, E, A, P> {
    pub(super) fn new(
        outer: Arc<Run<LoadShed>>,
        inner: Arc<Run<G>>,
        (base, config): (Base, ServerConfig),
        layers: (E, A, P),
    ) -> Self {
        // What is built for a check later must not join anything.
        let base = Base {
            registry: None,
            ..base
        };
        Self {
            outer,
            inner,
            made: Arc::new(Made {
                base,
                config: Mutex::new(config),
            }),
            layers,
        }
    }

    /// The parts and slots in their order, outermost first, one a line, with their numbers.
    #[must_use]
    pub fn explain(&self) -> String {
        let has = [
            (Part::LoadShed, self.outer.gate.is_some()),
            (Part::Concurrency, self.outer.concurrency.is_some()),
            (Part::RateLimit, self.inner.gate.is_some()),
        ];
        let own: Vec<Part> = has
            .into_iter()
            .filter_map(|(part, is_on)| is_on.then_some(part))
            .collect();
        explain::server(self.name(), &self.config(), &own)
    }

    /// Its numbers now.
    #[must_use]
    pub fn numbers(&self) -> ServerConfig {
        self.config().clone()
    }

    /// Its load shedder, if the part is on: for those who tell it
    /// [how long something waited](LoadShed::observe_queue_delay).
    #[must_use]
    pub fn load_shed(&self) -> Option<&LoadShed> {
        self.outer.gate.as_ref()
    }

    /// Its concurrency limiter, if the part is on.
    #[must_use]
    pub fn concurrency(&self) -> Option<&ConcurrencyLimiter> {
        self.outer.concurrency.as_ref()
    }

    /// Its rate limit, if the part is on.
    #[must_use]
    pub fn rate_limit(&self) -> Option<&G> {
        self.inner.gate.as_ref()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.outer.name
    }

    /// Nothing panics while it is held but a formatter of ours.
    fn config(&self) -> MutexGuard<'_, ServerConfig> {
        let config = self.made.config.lock();
        config.unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks `config` and takes over what the outer run has of it.
    fn reload_outer(
        &self,
        known: &ServerConfig,
        config: &ServerConfig,
        gate: impl FnOnce(&Base, &mut Problems),
    ) -> Result<(), StackError> {
        let base = &self.made.base;
        let mut problems = Problems::default();
        problems.kept(
            Part::RateLimit,
            known.rate_limit.is_some(),
            config.rate_limit.is_some(),
        );
        problems.kept(
            Part::LoadShed,
            known.load_shed.is_some(),
            config.load_shed.is_some(),
        );
        problems.kept(
            Part::Concurrency,
            known.concurrency.is_some(),
            config.concurrency.is_some(),
        );
        if let (Some(known), Some(wanted)) = (&known.concurrency, &config.concurrency)
            && known.adaptive != wanted.adaptive
        {
            let allowed = format!("{}, as it was built", known.adaptive);
            problems.add(Part::Concurrency, "adaptive", wanted.adaptive, allowed);
        }
        // Built and thrown away: what can be built can be taken over.
        drop(base.outer(config, &mut problems));
        drop(base.rate_limiter(config, &mut problems));
        problems.finish(&base.name)?;

        let mut problems = Problems::default();
        self.outer.deadline.set(config.deadline);
        if let (Some(shed), Some(numbers)) = (&self.outer.gate, &config.load_shed) {
            let taken = shed.reconfigure(base.load_shed(numbers));
            problems.take(Part::LoadShed, taken);
        }
        if let (Some(limiter), Some(numbers)) = (&self.outer.concurrency, &config.concurrency) {
            let taken = limiter.reconfigure(base.concurrency(numbers));
            problems.take(Part::Concurrency, taken);
        }
        gate(base, &mut problems);
        problems.finish(&base.name)
    }
}

impl<E, A, P> ServerStack<RateLimiter, E, A, P> {
    /// Takes over all numbers of `config`, for requests under way too, but for the time of who waits already; slots,
    /// quotas used up and counters stay as they are.
    ///
    /// # Errors
    /// [`StackError`] with every number that cannot work, every part that would have to be turned on or off, and
    /// a concurrency limit that would have to become adaptive or fixed. Nothing has changed then.
    pub fn reload(&self, config: &ServerConfig) -> Result<(), StackError> {
        let mut known = self.config();
        self.reload_outer(&known, config, |base, problems| {
            if let Some(limiter) = &self.inner.gate
                && let Some(builder) = base.rate_limiter(config, problems)
            {
                problems.take(Part::RateLimit, limiter.reconfigure(builder));
            }
        })?;
        *known = config.clone();
        Ok(())
    }
}

impl<G, E: Clone, A: Clone, P: Clone> ServerStack<G, E, A, P> {
    /// A layer that is a view of this stack: [`ServerLayer::new`].
    pub fn layer(&self) -> ServerLayer<G, E, A, P> {
        ServerLayer::new(self.clone())
    }
}

// By hand: a derive would ask for `G: Clone`.
impl<G, E: Clone, A: Clone, P: Clone> Clone for ServerStack<G, E, A, P> {
    fn clone(&self) -> Self {
        Self {
            outer: Arc::clone(&self.outer),
            inner: Arc::clone(&self.inner),
            made: Arc::clone(&self.made),
            layers: self.layers.clone(),
        }
    }
}

impl<G, E, A, P> fmt::Debug for ServerStack<G, E, A, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerStack")
            .field("name", self.name())
            .field("numbers", &self.numbers())
            .finish_non_exhaustive()
    }
}
