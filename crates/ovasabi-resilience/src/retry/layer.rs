//! The layer.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::backoff::{Backoff, Exponential, Random};
use ovasabi_core::classify::HttpClassify;
use tower_layer::Layer;

use super::{ByClone, RetryBudget, RetryService};

/// Tries calls again; see the [module](super). All services that it makes share the budget.
///
/// `C` reads requests and results, `P` copies requests.
#[derive(Clone, Debug)]
#[must_use]
pub struct RetryLayer<C = HttpClassify, P = ByClone> {
    pub(super) shared: Arc<Shared>,
    pub(super) classify: C,
    pub(super) replay: P,
}

/// What all calls have in common, behind one pointer.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) budget: RetryBudget,
    pub(super) max_attempts: NonZeroU32,
    pub(super) backoff: Arc<dyn Backoff>,
    pub(super) max_retry_after: Duration,
    pub(super) random: Random,
}

/// The first attempt and two more.
const ATTEMPTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(2);
const BASE: Duration = Duration::from_millis(50);
const CAP: Duration = Duration::from_secs(20);

impl RetryLayer {
    /// A layer over a budget: 3 attempts, full jitter from 50 ms to 20 s.
    pub fn new(budget: RetryBudget) -> Self {
        let shared = Shared {
            budget,
            max_attempts: ATTEMPTS,
            backoff: Arc::new(Exponential::new(BASE, CAP)),
            max_retry_after: CAP,
            random: Random::new(),
        };
        Self {
            shared: Arc::new(shared),
            classify: HttpClassify::new(),
            replay: ByClone,
        }
    }
}

impl<C, P> RetryLayer<C, P> {
    /// How often a request is sent at most, the first time included; default 3.
    pub fn max_attempts(self, attempts: NonZeroU32) -> Self {
        self.with(|shared| shared.max_attempts = attempts)
    }

    /// How long to pause; default full jitter from 50 ms, doubling, up to 20 s.
    pub fn backoff(self, backoff: impl Backoff + 'static) -> Self {
        self.with(|shared| shared.backoff = Arc::new(backoff))
    }

    /// The longest pause that a server may ask for with `Retry-After`; default 20 s. When it asks for more,
    /// its answer is given back at once; when for less, the backoff's delay is added to what it asks for.
    pub fn max_retry_after(self, longest: Duration) -> Self {
        self.with(|shared| shared.max_retry_after = longest)
    }

    /// Reads requests and results with another classifier.
    pub fn classify<C2>(self, classify: C2) -> RetryLayer<C2, P> {
        RetryLayer {
            shared: self.shared,
            classify,
            replay: self.replay,
        }
    }

    /// Copies requests in another way; default [`ByClone`].
    pub fn replay<P2>(self, replay: P2) -> RetryLayer<C, P2> {
        RetryLayer {
            shared: self.shared,
            classify: self.classify,
            replay,
        }
    }

    /// Wraps one service: [`Layer::layer`] by value, so that the compiler can say what is missing.
    pub fn wrap<S>(self, inner: S) -> RetryService<S, C, P> {
        RetryService::new(inner, self)
    }

    /// Changes a copy: layers that were cloned from this one before keep their own.
    fn with(mut self, change: impl FnOnce(&mut Shared)) -> Self {
        let Shared {
            budget,
            max_attempts,
            backoff,
            max_retry_after,
            ..
        } = &*self.shared;
        let mut shared = Shared {
            budget: budget.clone(),
            max_attempts: *max_attempts,
            backoff: Arc::clone(backoff),
            max_retry_after: *max_retry_after,
            random: Random::new(),
        };
        change(&mut shared);
        self.shared = Arc::new(shared);
        self
    }
}

impl<S, C: Clone, P: Clone> Layer<S> for RetryLayer<C, P> {
    type Service = RetryService<S, C, P>;

    fn layer(&self, inner: S) -> Self::Service {
        self.clone().wrap(inner)
    }
}
