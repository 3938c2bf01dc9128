//! The layer.

use http::HeaderName;
use ovasabi_core::Rejection;
use ovasabi_core::classify::{GrpcClassify, HttpClassify};
use ovasabi_core::reject::{AsError, AsGrpc, AsResponse};
use tower_layer::Layer;

use super::attempt::GRPC_PREVIOUS_RPC_ATTEMPTS;
use super::{BufferedBody, ByClone, MarkAttempts, RetryPolicy, RetryService};

/// Tries calls again, as its [`RetryPolicy`] says. All services that it makes share the policy.
///
/// Three choices are types, with these defaults: requests and results are read by [`HttpClassify`], requests are
/// copied [`ByClone`], and a last attempt that is too slow is an error ([`AsError`]).
///
/// | made by | reads | copies | tells downstream |
/// |---|---|---|---|
/// | [`RetryLayer::new`] | HTTP | by clone | nothing |
/// | [`RetryLayer::http`] | HTTP | bodies while they pass | [`Attempt`](super::Attempt) |
/// | [`RetryLayer::grpc`] | gRPC | bodies while they pass | `Attempt`, `grpc-previous-rpc-attempts` |
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct RetryLayer<C = HttpClassify, P = ByClone, R = AsError> {
    policy: RetryPolicy,
    classifier: C,
    replay: P,
    rejecter: R,
}

impl RetryLayer {
    /// A view of `policy`, with the defaults above.
    pub fn new(policy: RetryPolicy) -> Self {
        Self {
            policy,
            classifier: HttpClassify::new(),
            replay: ByClone,
            rejecter: AsError,
        }
    }

    /// For HTTP clients: bodies are kept while they pass ([`BufferedBody`]), further attempts are marked. The
    /// service inside is called with `http::Request<ReplayBody<B>>`.
    pub fn http(policy: RetryPolicy) -> RetryLayer<HttpClassify, MarkAttempts<BufferedBody>> {
        Self::new(policy)
            .replay(BufferedBody::new())
            .mark_attempts()
    }

    /// For gRPC clients: as [`RetryLayer::http`], read by [`GrpcClassify`], and the server is told with
    /// `grpc-previous-rpc-attempts`. Wrap the body for tonic: `channel.map_request(|request| request.map(Body::new))`.
    pub fn grpc(policy: RetryPolicy) -> RetryLayer<GrpcClassify, MarkAttempts<BufferedBody>> {
        let mark = MarkAttempts::new(BufferedBody::new()).header(GRPC_PREVIOUS_RPC_ATTEMPTS);
        Self::new(policy).classify(GrpcClassify::new()).replay(mark)
    }
}

impl<C, P, R> RetryLayer<C, P, R> {
    /// Reads requests and results with `classifier`. Default: [`HttpClassify`].
    pub fn classify<C2>(self, classifier: C2) -> RetryLayer<C2, P, R> {
        let Self {
            policy,
            replay,
            rejecter,
            ..
        } = self;
        RetryLayer {
            policy,
            classifier,
            replay,
            rejecter,
        }
    }

    /// Has the requests of further attempts in another way. Default: [`ByClone`].
    pub fn replay<P2>(self, replay: P2) -> RetryLayer<C, P2, R> {
        let Self {
            policy,
            classifier,
            rejecter,
            ..
        } = self;
        RetryLayer {
            policy,
            classifier,
            replay,
            rejecter,
        }
    }

    /// Puts the extension [`Attempt`](super::Attempt) into HTTP requests from the second attempt on.
    pub fn mark_attempts(self) -> RetryLayer<C, MarkAttempts<P>, R> {
        self.mark(MarkAttempts::new)
    }

    /// The same, and tells the server in a header how many attempts were made before.
    pub fn mark_attempts_in(self, header: HeaderName) -> RetryLayer<C, MarkAttempts<P>, R> {
        self.mark(|replay| MarkAttempts::new(replay).header(header))
    }

    /// Answers a last attempt that is too slow with an HTTP response, 504: for servers.
    pub fn responding(self) -> RetryLayer<C, P, AsResponse> {
        self.rejecting(AsResponse)
    }

    /// Answers a last attempt that is too slow with a gRPC status: for tonic.
    pub fn responding_grpc(self) -> RetryLayer<C, P, AsGrpc> {
        self.rejecting(AsGrpc)
    }

    /// Answers a last attempt that is too slow with what `reject` returns.
    pub fn rejecting_with<F, Res, Err>(self, reject: F) -> RetryLayer<C, P, F>
    where
        F: Fn(&Rejection) -> Result<Res, Err>,
    {
        self.rejecting(reject)
    }

    /// Wraps one service: as [`Layer::layer`], with better messages where types do not fit.
    pub fn wrap<S>(&self, inner: S) -> RetryService<S, C, P, R>
    where
        C: Clone,
        P: Clone,
        R: Clone,
    {
        RetryService::new(inner, self.clone())
    }

    /// The policy that it is a view of.
    pub fn policy(&self) -> &RetryPolicy {
        &self.policy
    }

    pub(super) fn classifier(&self) -> &C {
        &self.classifier
    }

    pub(super) fn replayer(&self) -> &P {
        &self.replay
    }

    pub(super) fn rejecter(&self) -> &R {
        &self.rejecter
    }

    fn mark<P2>(self, mark: impl FnOnce(P) -> P2) -> RetryLayer<C, P2, R> {
        let Self {
            policy,
            classifier,
            replay,
            rejecter,
        } = self;
        RetryLayer {
            policy,
            classifier,
            replay: mark(replay),
            rejecter,
        }
    }

    fn rejecting<R2>(self, rejecter: R2) -> RetryLayer<C, P, R2> {
        let Self {
            policy,
            classifier,
            replay,
            ..
        } = self;
        RetryLayer {
            policy,
            classifier,
            replay,
            rejecter,
        }
    }
}

impl<S, C: Clone, P: Clone, R: Clone> Layer<S> for RetryLayer<C, P, R> {
    type Service = RetryService<S, C, P, R>;

    fn layer(&self, inner: S) -> Self::Service {
        self.wrap(inner)
    }
}
