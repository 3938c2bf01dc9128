//! The layers.

use ovasabi_core::Rejection;
use ovasabi_core::classify::HttpClassify;
use ovasabi_core::reject::{AsError, AsGrpc, AsResponse};
use tower_layer::Layer;

use super::service::Keyed;
use super::{KeyedRateLimiter, RateLimitService, RateLimiter};

/// What rejections call this layer.
pub(super) const LAYER: &str = "rate_limit";

/// Limits the rate of all requests together. All services that it makes share the bucket.
///
/// `C` reads requests (their cost), `R` says no; see [`ovasabi_core::reject`].
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct RateLimitLayer<G = RateLimiter, C = HttpClassify, R = AsError> {
    gate: G,
    classify: C,
    reject: R,
}

/// Limits the rate of each key that `F` finds in the request.
pub type KeyedRateLimitLayer<K, F, C = HttpClassify, R = AsError> =
    RateLimitLayer<Keyed<K, F>, C, R>;

impl RateLimitLayer {
    /// A layer over a handle, which rejects as an error and costs what [`HttpClassify`] reads: one.
    pub fn new(limiter: RateLimiter) -> Self {
        Self {
            gate: limiter,
            classify: HttpClassify::new(),
            reject: AsError,
        }
    }
}

impl<K: ?Sized, F> KeyedRateLimitLayer<K, F> {
    /// A layer over a handle; `key` finds the key in a request.
    pub fn keyed(limiter: KeyedRateLimiter<K>, key: F) -> Self {
        Self {
            gate: Keyed::new(limiter, key),
            classify: HttpClassify::new(),
            reject: AsError,
        }
    }
}

impl<G, C, R> RateLimitLayer<G, C, R> {
    /// Reads requests with another classifier: `ByResult` for services that are not HTTP.
    pub fn classify<C2>(self, classify: C2) -> RateLimitLayer<G, C2, R> {
        RateLimitLayer {
            gate: self.gate,
            classify,
            reject: self.reject,
        }
    }

    /// Rejects with an HTTP response: 429 and `Retry-After`.
    pub fn responding(self) -> RateLimitLayer<G, C, AsResponse> {
        self.with_reject(AsResponse)
    }

    /// Rejects with a gRPC status.
    pub fn responding_grpc(self) -> RateLimitLayer<G, C, AsGrpc> {
        self.with_reject(AsGrpc)
    }

    /// Rejects with what `reject` returns.
    pub fn rejecting_with<Res, Err, F>(self, reject: F) -> RateLimitLayer<G, C, F>
    where
        F: Fn(&Rejection) -> Result<Res, Err>,
    {
        self.with_reject(reject)
    }

    /// Wraps one service: [`Layer::layer`] by value, so that the compiler can say what is missing.
    pub fn wrap<S>(self, inner: S) -> RateLimitService<S, G, C, R> {
        RateLimitService::new(inner, self.gate, self.classify, self.reject)
    }

    fn with_reject<R2>(self, reject: R2) -> RateLimitLayer<G, C, R2> {
        RateLimitLayer {
            gate: self.gate,
            classify: self.classify,
            reject,
        }
    }
}

impl<S, G: Clone, C: Clone, R: Clone> Layer<S> for RateLimitLayer<G, C, R> {
    type Service = RateLimitService<S, G, C, R>;

    fn layer(&self, inner: S) -> Self::Service {
        self.clone().wrap(inner)
    }
}
