//! The layer.

use ovasabi_core::Rejection;
use ovasabi_core::body::{AtEnd, AtHead};
use ovasabi_core::classify::{HttpClassify, Priority};
use ovasabi_core::reject::{AsError, AsGrpc, AsResponse};
use tower_layer::Layer;

use super::load::LoadShed;
use super::priority::WithPriority;
use super::throttle::Throttle;
use super::{Policy, ShedService};

/// Puts a [`LoadShed`] before a server's service. All services that it makes share it.
pub type LoadShedLayer<C = HttpClassify, R = AsError, H = AtHead> = ShedLayer<LoadShed, C, R, H>;

/// Puts a [`Throttle`] before a client's service. All services that it makes share it.
pub type ThrottleLayer<C = HttpClassify, R = AsError, H = AtHead> = ShedLayer<Throttle, C, R, H>;

/// Puts a [`LoadShed`] or a [`Throttle`] before a service. All services that it makes share it.
///
/// Three choices are types, with these defaults: requests and results are read by [`HttpClassify`], a refusal
/// is an error ([`AsError`]), and a call is over at the head of the response ([`AtHead`]).
///
/// ```
/// use ovasabi_core::classify::ByResult;
/// use ovasabi_resilience::shed::LoadShed;
/// use tower::{BoxError, Service, ServiceExt, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let shed = LoadShed::builder("reports").in_flight_limit(1).build()?;
/// let echo = service_fn(async |text: &'static str| Ok::<_, BoxError>(text));
/// let mut service = shed.layer().classify(ByResult::new()).wrap(echo);
///
/// assert_eq!(service.ready().await?.call("hello").await?, "hello");
/// let _running = shed.try_acquire(Default::default())?;
/// let refused = service.ready().await?.call("hello").await.unwrap_err();
/// assert!(ovasabi_core::Rejection::find(&refused).is_some());
/// # Ok::<(), BoxError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct ShedLayer<P, C = HttpClassify, R = AsError, H = AtHead> {
    policy: P,
    classifier: C,
    rejecter: R,
    hold: H,
}

impl<P: Policy> ShedLayer<P> {
    /// A view of `policy`, with the defaults above.
    pub fn new(policy: P) -> Self {
        Self {
            policy,
            classifier: HttpClassify::new(),
            rejecter: AsError,
            hold: AtHead,
        }
    }
}

impl<P: Policy, C, R, H> ShedLayer<P, C, R, H> {
    /// Reads requests and results with `classifier`. Default: [`HttpClassify`].
    ///
    /// [`ByResult`](ovasabi_core::classify::ByResult) suits services that are not HTTP.
    pub fn classify<C2>(self, classifier: C2) -> ShedLayer<P, C2, R, H> {
        ShedLayer {
            policy: self.policy,
            classifier,
            rejecter: self.rejecter,
            hold: self.hold,
        }
    }

    /// Tells how much a request matters. Default: what the classifier says, which is `Normal` with the stock
    /// ones.
    pub fn priority<Req, F>(self, priority: F) -> ShedLayer<P, WithPriority<C, F>, R, H>
    where
        F: Fn(&Req) -> Priority,
    {
        ShedLayer {
            policy: self.policy,
            classifier: WithPriority::new(self.classifier, priority),
            rejecter: self.rejecter,
            hold: self.hold,
        }
    }

    /// Refuses with an HTTP response, 503: for servers. gRPC requests get a gRPC status.
    pub fn responding(self) -> ShedLayer<P, C, AsResponse, H> {
        self.rejecting(AsResponse)
    }

    /// Refuses with a gRPC status: for tonic.
    pub fn responding_grpc(self) -> ShedLayer<P, C, AsGrpc, H> {
        self.rejecting(AsGrpc)
    }

    /// Refuses with what `reject` returns.
    pub fn rejecting_with<F, Res, Err>(self, reject: F) -> ShedLayer<P, C, F, H>
    where
        F: Fn(&Rejection) -> Result<Res, Err>,
    {
        self.rejecting(reject)
    }

    /// A call is over at the last byte of the body, its trailers or its error, not at the head.
    ///
    /// Wants `http::Response<B>` with `B: http_body::Body`; the body becomes an
    /// [`EndBody`](ovasabi_core::body::EndBody). A body that is dropped before its end counts as its head did.
    pub fn until_body_end(self) -> ShedLayer<P, C, R, AtEnd> {
        ShedLayer {
            policy: self.policy,
            classifier: self.classifier,
            rejecter: self.rejecter,
            hold: AtEnd,
        }
    }

    /// Puts it before `inner`: as [`Layer::layer`], with better messages where types do not fit.
    pub fn wrap<S>(&self, inner: S) -> ShedService<S, P, C, R, H>
    where
        C: Clone,
        R: Clone,
        H: Clone,
    {
        ShedService::new(
            inner,
            self.policy.clone(),
            self.classifier.clone(),
            self.rejecter.clone(),
            self.hold.clone(),
        )
    }

    /// The handle that it is a view of.
    pub fn policy(&self) -> &P {
        &self.policy
    }

    fn rejecting<R2>(self, rejecter: R2) -> ShedLayer<P, C, R2, H> {
        ShedLayer {
            policy: self.policy,
            classifier: self.classifier,
            rejecter,
            hold: self.hold,
        }
    }
}

impl<S, P: Policy, C: Clone, R: Clone, H: Clone> Layer<S> for ShedLayer<P, C, R, H> {
    type Service = ShedService<S, P, C, R, H>;

    fn layer(&self, inner: S) -> Self::Service {
        self.wrap(inner)
    }
}
