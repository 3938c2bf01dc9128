//! The layer.

use ovasabi_core::Rejection;
use ovasabi_core::body::{AtEnd, AtHead};
use ovasabi_core::classify::HttpClassify;
use ovasabi_core::reject::{AsError, AsGrpc, AsResponse};
use tower_layer::Layer;

use super::{CircuitBreaker, CircuitBreakerService, ReadyMode};

/// Puts a [`CircuitBreaker`] before a service. All services that it makes share the breaker.
///
/// Three choices are types, with these defaults: results are read by [`HttpClassify`], a refusal is an error
/// ([`AsError`]), and a call is over at the head of the response ([`AtHead`]).
///
/// ```
/// use ovasabi_core::classify::ByResult;
/// use ovasabi_resilience::breaker::CircuitBreaker;
/// use tower::{BoxError, Service, ServiceExt, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let breaker = CircuitBreaker::builder("flaky").consecutive_failures(1).build()?;
/// let flaky = service_fn(async |_: ()| Err::<(), BoxError>("down".into()));
/// let mut service = breaker.layer().classify(ByResult::new()).wrap(flaky);
///
/// assert_eq!(service.ready().await?.call(()).await.unwrap_err().to_string(), "down");
/// let refused = service.ready().await?.call(()).await.unwrap_err();
/// assert!(ovasabi_core::Rejection::find(&refused).is_some());
/// # Ok::<(), BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct CircuitBreakerLayer<C = HttpClassify, R = AsError, H = AtHead> {
    breaker: CircuitBreaker,
    classifier: C,
    rejecter: R,
    hold: H,
    ready: ReadyMode,
}

impl CircuitBreakerLayer {
    /// A view of `breaker`, with the defaults above.
    pub fn new(breaker: CircuitBreaker) -> Self {
        Self {
            breaker,
            classifier: HttpClassify::new(),
            rejecter: AsError,
            hold: AtHead,
            ready: ReadyMode::Reject,
        }
    }
}

impl<C, R, H> CircuitBreakerLayer<C, R, H> {
    /// Reads requests and results with `classifier`. Default: [`HttpClassify`].
    ///
    /// [`GrpcClassify`](ovasabi_core::classify::GrpcClassify) wants [`Self::until_body_end`] too: the status of
    /// a stream is in its trailers. [`ByResult`](ovasabi_core::classify::ByResult) suits any other service.
    pub fn classify<C2>(self, classifier: C2) -> CircuitBreakerLayer<C2, R, H> {
        let Self {
            breaker,
            rejecter,
            hold,
            ready,
            ..
        } = self;
        CircuitBreakerLayer {
            breaker,
            classifier,
            rejecter,
            hold,
            ready,
        }
    }

    /// Refuses with an HTTP response, 503 with `Retry-After`: for servers. gRPC requests get a gRPC status.
    pub fn responding(self) -> CircuitBreakerLayer<C, AsResponse, H> {
        self.rejecting(AsResponse)
    }

    /// Refuses with a gRPC status: for tonic.
    pub fn responding_grpc(self) -> CircuitBreakerLayer<C, AsGrpc, H> {
        self.rejecting(AsGrpc)
    }

    /// Refuses with what `reject` returns.
    pub fn rejecting_with<F, Res, Err>(self, reject: F) -> CircuitBreakerLayer<C, F, H>
    where
        F: Fn(&Rejection) -> Result<Res, Err>,
    {
        self.rejecting(reject)
    }

    /// A call is over at the last byte of the body, its trailers or its error, not at the head.
    ///
    /// Wants `http::Response<B>` with `B: http_body::Body`; the body becomes an
    /// [`EndBody`](ovasabi_core::body::EndBody). A body that is dropped before its end counts as its head did.
    pub fn until_body_end(self) -> CircuitBreakerLayer<C, R, AtEnd> {
        let Self {
            breaker,
            classifier,
            rejecter,
            ready,
            ..
        } = self;
        CircuitBreakerLayer {
            breaker,
            classifier,
            rejecter,
            hold: AtEnd,
            ready,
        }
    }

    /// What services say of their readiness while the breaker refuses. Default: [`ReadyMode::Reject`].
    ///
    /// [`ReadyMode::Wait`] suits a breaker for each endpoint under a balancer. It waits with a timer of tokio, and
    /// so wants a runtime that has time; nothing is allocated and no timer made while calls go through.
    pub fn ready(mut self, mode: ReadyMode) -> Self {
        self.ready = mode;
        self
    }

    /// Puts the breaker before `inner`: as [`Layer::layer`], with better messages where types do not fit.
    pub fn wrap<S>(&self, inner: S) -> CircuitBreakerService<S, C, R, H>
    where
        C: Clone,
        R: Clone,
        H: Clone,
    {
        CircuitBreakerService::new(
            inner,
            self.breaker.clone(),
            self.classifier.clone(),
            self.rejecter.clone(),
            self.hold.clone(),
            self.ready,
        )
    }

    /// The breaker that it is a view of.
    pub fn breaker(&self) -> &CircuitBreaker {
        &self.breaker
    }

    fn rejecting<R2>(self, rejecter: R2) -> CircuitBreakerLayer<C, R2, H> {
        let Self {
            breaker,
            classifier,
            hold,
            ready,
            ..
        } = self;
        CircuitBreakerLayer {
            breaker,
            classifier,
            rejecter,
            hold,
            ready,
        }
    }
}

impl<S, C: Clone, R: Clone, H: Clone> Layer<S> for CircuitBreakerLayer<C, R, H> {
    type Service = CircuitBreakerService<S, C, R, H>;

    fn layer(&self, inner: S) -> Self::Service {
        self.wrap(inner)
    }
}
