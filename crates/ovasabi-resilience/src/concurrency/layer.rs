//! The layer.

use ovasabi_core::Rejection;
use ovasabi_core::body::{AtEnd, AtHead};
use ovasabi_core::classify::HttpClassify;
use ovasabi_core::reject::{AsError, AsGrpc, AsResponse};
use tower_layer::Layer;

use super::{ConcurrencyLimitService, ConcurrencyLimiter, ConcurrencyQueueLayer};

/// Admits at most so many calls at once, and refuses the rest. All services that it makes share the slots.
///
/// `C` reads requests and results ([`HttpClassify`]), `R` says no ([`ovasabi_core::reject`]), `H` holds the slot
/// ([`ovasabi_core::body`]). [`queued`](Self::queued) makes it wait instead.
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct ConcurrencyLimitLayer<C = HttpClassify, R = AsError, H = AtHead> {
    pub(super) limiter: ConcurrencyLimiter,
    pub(super) classify: C,
    pub(super) reject: R,
    pub(super) hold: H,
}

impl ConcurrencyLimitLayer {
    /// A layer over a handle, which rejects as an error and frees the slot when the response arrives.
    pub fn new(limiter: ConcurrencyLimiter) -> Self {
        Self {
            limiter,
            classify: HttpClassify::new(),
            reject: AsError,
            hold: AtHead,
        }
    }
}

impl<C, R, H> ConcurrencyLimitLayer<C, R, H> {
    /// Reads requests and results with another classifier: `ByResult` for services that are not HTTP.
    pub fn classify<C2>(self, classify: C2) -> ConcurrencyLimitLayer<C2, R, H> {
        ConcurrencyLimitLayer {
            limiter: self.limiter,
            classify,
            reject: self.reject,
            hold: self.hold,
        }
    }

    /// Rejects with an HTTP response: 503.
    pub fn responding(self) -> ConcurrencyLimitLayer<C, AsResponse, H> {
        self.with_reject(AsResponse)
    }

    /// Rejects with a gRPC status.
    pub fn responding_grpc(self) -> ConcurrencyLimitLayer<C, AsGrpc, H> {
        self.with_reject(AsGrpc)
    }

    /// Rejects with what `reject` returns.
    pub fn rejecting_with<Res, Err, F>(self, reject: F) -> ConcurrencyLimitLayer<C, F, H>
    where
        F: Fn(&Rejection) -> Result<Res, Err>,
    {
        self.with_reject(reject)
    }

    /// Holds the slot until the last byte of the response.
    ///
    /// The latency that an adaptive limiter learns from is the time to the head all the same: how long a body
    /// takes, its reader decides.
    pub fn until_body_end(self) -> ConcurrencyLimitLayer<C, R, AtEnd> {
        let Self {
            limiter,
            classify,
            reject,
            ..
        } = self;
        ConcurrencyLimitLayer {
            limiter,
            classify,
            reject,
            hold: AtEnd,
        }
    }

    /// Lets calls wait for a slot in the limiter's [queue](super::ConcurrencyLimiterBuilder::queue).
    pub fn queued(self) -> ConcurrencyQueueLayer<C, R, H> {
        ConcurrencyQueueLayer(self)
    }

    /// Wraps one service: [`Layer::layer`] by value, so that the compiler can say what is missing.
    pub fn wrap<S>(self, inner: S) -> ConcurrencyLimitService<S, C, R, H> {
        ConcurrencyLimitService::new(inner, self)
    }

    /// The limiter that it is a view of.
    pub fn limiter(&self) -> &ConcurrencyLimiter {
        &self.limiter
    }

    fn with_reject<R2>(self, reject: R2) -> ConcurrencyLimitLayer<C, R2, H> {
        ConcurrencyLimitLayer {
            limiter: self.limiter,
            classify: self.classify,
            reject,
            hold: self.hold,
        }
    }
}

impl<S, C: Clone, R: Clone, H: Clone> Layer<S> for ConcurrencyLimitLayer<C, R, H> {
    type Service = ConcurrencyLimitService<S, C, R, H>;

    fn layer(&self, inner: S) -> Self::Service {
        self.clone().wrap(inner)
    }
}
