//! The layer that finds a breaker by key.

use std::fmt;

use ovasabi_core::Rejection;
use ovasabi_core::body::{AtEnd, AtHead};
use ovasabi_core::classify::HttpClassify;
use ovasabi_core::reject::{AsError, AsGrpc, AsResponse};
use tower_layer::Layer;

use super::{Key, KeyedCircuitBreaker, KeyedCircuitBreakerService};

/// Puts the breaker of a request's key before a service: as
/// [`CircuitBreakerLayer`](crate::breaker::CircuitBreakerLayer), which documents the choices.
///
/// ```
/// use http::Request;
/// use ovasabi_resilience::keyed::KeyedCircuitBreaker;
/// # use tower::service_fn;
/// # let client = service_fn(async |_: Request<()>| Ok::<_, tower::BoxError>(http::Response::new(())));
///
/// let hosts = KeyedCircuitBreaker::<String>::builder("upstreams").build()?;
/// let client = hosts
///     .layer(|request: &Request<()>| request.uri().host().unwrap_or_default().to_owned())
///     .wrap(client);
/// # let _ = client;
/// # Ok::<(), ovasabi_core::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct KeyedCircuitBreakerLayer<K: Key, F, C = HttpClassify, R = AsError, H = AtHead> {
    breakers: KeyedCircuitBreaker<K>,
    key: F,
    classifier: C,
    rejecter: R,
    hold: H,
}

impl<K: Key, F> KeyedCircuitBreakerLayer<K, F> {
    /// A view of `breakers`, which finds the key of a request with `key`.
    pub fn new(breakers: KeyedCircuitBreaker<K>, key: F) -> Self {
        Self {
            breakers,
            key,
            classifier: HttpClassify::new(),
            rejecter: AsError,
            hold: AtHead,
        }
    }
}

impl<K: Key, F, C, R, H> KeyedCircuitBreakerLayer<K, F, C, R, H> {
    /// Reads requests and results with `classifier`. Default: [`HttpClassify`].
    pub fn classify<C2>(self, classifier: C2) -> KeyedCircuitBreakerLayer<K, F, C2, R, H> {
        let Self {
            breakers,
            key,
            rejecter,
            hold,
            ..
        } = self;
        KeyedCircuitBreakerLayer {
            breakers,
            key,
            classifier,
            rejecter,
            hold,
        }
    }

    /// Refuses with an HTTP response, 503 with `Retry-After`: for servers. gRPC requests get a gRPC status.
    pub fn responding(self) -> KeyedCircuitBreakerLayer<K, F, C, AsResponse, H> {
        self.rejecting(AsResponse)
    }

    /// Refuses with a gRPC status: for tonic.
    pub fn responding_grpc(self) -> KeyedCircuitBreakerLayer<K, F, C, AsGrpc, H> {
        self.rejecting(AsGrpc)
    }

    /// Refuses with what `reject` returns.
    pub fn rejecting_with<G, Res, Err>(self, reject: G) -> KeyedCircuitBreakerLayer<K, F, C, G, H>
    where
        G: Fn(&Rejection) -> Result<Res, Err>,
    {
        self.rejecting(reject)
    }

    /// A call is over at the last byte of the body, its trailers or its error, not at the head.
    pub fn until_body_end(self) -> KeyedCircuitBreakerLayer<K, F, C, R, AtEnd> {
        let Self {
            breakers,
            key,
            classifier,
            rejecter,
            ..
        } = self;
        KeyedCircuitBreakerLayer {
            breakers,
            key,
            classifier,
            rejecter,
            hold: AtEnd,
        }
    }

    /// Puts the breakers before `inner`: as [`Layer::layer`], with better messages where types do not fit.
    pub fn wrap<S>(&self, inner: S) -> KeyedCircuitBreakerService<S, K, F, C, R, H>
    where
        F: Clone,
        C: Clone,
        R: Clone,
        H: Clone,
    {
        KeyedCircuitBreakerService::new(inner, self.clone())
    }

    /// The breakers that it is a view of.
    pub fn breakers(&self) -> &KeyedCircuitBreaker<K> {
        &self.breakers
    }

    pub(super) fn parts(&self) -> (&KeyedCircuitBreaker<K>, &F, &C, &R, &H) {
        (
            &self.breakers,
            &self.key,
            &self.classifier,
            &self.rejecter,
            &self.hold,
        )
    }

    fn rejecting<R2>(self, rejecter: R2) -> KeyedCircuitBreakerLayer<K, F, C, R2, H> {
        let Self {
            breakers,
            key,
            classifier,
            hold,
            ..
        } = self;
        KeyedCircuitBreakerLayer {
            breakers,
            key,
            classifier,
            rejecter,
            hold,
        }
    }
}

impl<S, K: Key, F: Clone, C: Clone, R: Clone, H: Clone> Layer<S>
    for KeyedCircuitBreakerLayer<K, F, C, R, H>
{
    type Service = KeyedCircuitBreakerService<S, K, F, C, R, H>;

    fn layer(&self, inner: S) -> Self::Service {
        self.wrap(inner)
    }
}

/// Not derived: closures have no `Debug`.
impl<K: Key, F, C, R, H> fmt::Debug for KeyedCircuitBreakerLayer<K, F, C, R, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedCircuitBreakerLayer")
            .field("breakers", &self.breakers)
            .finish_non_exhaustive()
    }
}
