//! The layers.

use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::classify::HttpClassify;
use ovasabi_core::reject::{AsError, AsGrpc, AsResponse};
use tower_layer::Layer;

use super::gate::{Keyed, WhenMissing};
use super::{DraftHeaders, KeyedRateLimiter, NoHeaders, RateLimitService, RateLimiter};

/// Limits the rate of all requests together. All services that it makes share the bucket.
///
/// `C` reads requests (their cost), `R` says no; see [`ovasabi_core::reject`]. `M` refuses at once or waits, `H`
/// tells the client where it stands, or not.
#[derive(Clone, Copy, Debug)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct RateLimitLayer<G = RateLimiter, C = HttpClassify, R = AsError, M = AtOnce, H = NoHeaders>
{
    pub(super) gate: G,
    pub(super) classify: C,
    pub(super) reject: R,
    pub(super) mode: M,
    pub(super) headers: H,
}

/// Limits the rate of each key that `F` finds in the request.
pub type KeyedRateLimitLayer<K, F, C = HttpClassify, R = AsError, M = AtOnce, H = NoHeaders> =
    RateLimitLayer<Keyed<K, F>, C, R, M, H>;

/// Refuses what does not fit now: the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtOnce;

/// Lets requests wait for their turn; see [`RateLimitLayer::waiting`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InTurn {
    pub(super) max_wait: Duration,
}

impl RateLimitLayer {
    /// A layer over a handle, which rejects as an error and costs what [`HttpClassify`] reads: one.
    pub fn new(limiter: RateLimiter) -> Self {
        Self::over(limiter)
    }
}

impl<K: ?Sized, F> KeyedRateLimitLayer<K, F> {
    /// A layer over a handle; `key` finds the key in a request: one of [`key`](super::key), or a closure from
    /// the request to anything that can be hashed.
    pub fn keyed(limiter: KeyedRateLimiter<K>, key: F) -> Self {
        Self::over(Keyed::new(limiter, key))
    }
}

impl<G> RateLimitLayer<G> {
    fn over(gate: G) -> Self {
        Self {
            gate,
            classify: HttpClassify::new(),
            reject: AsError,
            mode: AtOnce,
            headers: NoHeaders,
        }
    }
}

impl<K: ?Sized, F, C, R, M, H> RateLimitLayer<Keyed<K, F>, C, R, M, H> {
    /// What becomes of requests that have no key; default [`WhenMissing::SharedBucket`].
    pub fn when_missing(mut self, when_missing: WhenMissing) -> Self {
        self.gate = self.gate.when_missing(when_missing);
        self
    }
}

impl<G, C, R, M, H> RateLimitLayer<G, C, R, M, H> {
    /// Reads requests with another classifier: `ByResult` for services that are not HTTP.
    pub fn classify<C2>(self, classify: C2) -> RateLimitLayer<G, C2, R, M, H> {
        let Self {
            gate,
            reject,
            mode,
            headers,
            ..
        } = self;
        RateLimitLayer {
            gate,
            classify,
            reject,
            mode,
            headers,
        }
    }

    /// Rejects with an HTTP response: 429 and `Retry-After`.
    pub fn responding(self) -> RateLimitLayer<G, C, AsResponse, M, H> {
        self.rejecting(AsResponse)
    }

    /// Rejects with a gRPC status.
    pub fn responding_grpc(self) -> RateLimitLayer<G, C, AsGrpc, M, H> {
        self.rejecting(AsGrpc)
    }

    /// Rejects with what `reject` returns.
    pub fn rejecting_with<Res, Err, F>(self, reject: F) -> RateLimitLayer<G, C, F, M, H>
    where
        F: Fn(&Rejection) -> Result<Res, Err>,
    {
        self.rejecting(reject)
    }

    /// Lets requests wait for their turn, first come, first served, for at most `max_wait`, and never past the
    /// deadline of their caller. Without it they are refused at once.
    ///
    /// Those that would have to wait longer, and those that find as many waiting as the limiter lets
    /// ([`max_waiting`](super::RateLimiterBuilder::max_waiting), 1,024), are refused at once, with the time
    /// to come back. The queue is the back-pressure: the service is always ready itself, and asks a clone of
    /// the service inside, which must be `Clone`, once the request is admitted.
    pub fn waiting(self, max_wait: Duration) -> RateLimitLayer<G, C, R, InTurn, H> {
        let Self {
            gate,
            classify,
            reject,
            headers,
            ..
        } = self;
        RateLimitLayer {
            gate,
            classify,
            reject,
            mode: InTurn { max_wait },
            headers,
        }
    }

    /// Tells clients where they stand, on admitted and refused answers alike; see [`DraftHeaders`].
    pub fn headers(self) -> RateLimitLayer<G, C, R, M, DraftHeaders> {
        let Self {
            gate,
            classify,
            reject,
            mode,
            ..
        } = self;
        RateLimitLayer {
            gate,
            classify,
            reject,
            mode,
            headers: DraftHeaders,
        }
    }

    /// Wraps one service: [`Layer::layer`] by value, so that the compiler can say what is missing.
    pub fn wrap<S>(self, inner: S) -> RateLimitService<S, G, C, R, M, H> {
        RateLimitService::new(inner, self)
    }

    fn rejecting<R2>(self, reject: R2) -> RateLimitLayer<G, C, R2, M, H> {
        let Self {
            gate,
            classify,
            mode,
            headers,
            ..
        } = self;
        RateLimitLayer {
            gate,
            classify,
            reject,
            mode,
            headers,
        }
    }
}

impl<S, G: Clone, C: Clone, R: Clone, M: Clone, H: Clone> Layer<S>
    for RateLimitLayer<G, C, R, M, H>
{
    type Service = RateLimitService<S, G, C, R, M, H>;

    fn layer(&self, inner: S) -> Self::Service {
        self.clone().wrap(inner)
    }
}
