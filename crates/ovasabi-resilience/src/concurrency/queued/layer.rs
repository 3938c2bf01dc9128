//! The layer.

use ovasabi_core::body::AtHead;
use ovasabi_core::classify::HttpClassify;
use ovasabi_core::reject::AsError;
use tower_layer::Layer;

use super::ConcurrencyQueueService;
use crate::concurrency::{ConcurrencyLimitLayer, ConcurrencyLimiter};

/// Admits at most so many calls at once, and lets others wait in the limiter's
/// [queue](crate::concurrency::ConcurrencyLimiterBuilder::queue).
///
/// Made by [`ConcurrencyLimitLayer::queued`], whose other choices it keeps. The services that it makes are always
/// ready: the queue is what pushes back, and a full one refuses. The service inside must be `Clone`, since each
/// call waits for a clone of it to be ready once it has its slot. The priority and the deadline of a call are
/// those of its [`Facts`](ovasabi_core::classify::Facts).
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct ConcurrencyQueueLayer<C = HttpClassify, R = AsError, H = AtHead>(
    pub(in super::super) ConcurrencyLimitLayer<C, R, H>,
);

impl<C, R, H> ConcurrencyQueueLayer<C, R, H> {
    /// Wraps one service: [`Layer::layer`] by value, so that the compiler can say what is missing.
    pub fn wrap<S>(self, inner: S) -> ConcurrencyQueueService<S, C, R, H> {
        ConcurrencyQueueService::new(inner, self.0)
    }

    /// The limiter that it is a view of.
    pub fn limiter(&self) -> &ConcurrencyLimiter {
        self.0.limiter()
    }
}

impl<S, C: Clone, R: Clone, H: Clone> Layer<S> for ConcurrencyQueueLayer<C, R, H> {
    type Service = ConcurrencyQueueService<S, C, R, H>;

    fn layer(&self, inner: S) -> Self::Service {
        self.clone().wrap(inner)
    }
}
