//! The layer of a client stack.

use ovasabi_core::Rejection;
use ovasabi_core::body::{AtEnd, AtHead};
use ovasabi_core::classify::{GrpcClassify, HttpClassify};
use ovasabi_core::reject::{AsError, AsGrpc, AsResponse};
use tower_layer::Layer;

use super::{ClientService, ClientStack};
use crate::retry::{BufferedBody, ByClone};

/// A view of a [`ClientStack`]. All services that it makes share the stack's state.
///
/// Four choices are types, with these defaults: requests and results are read by [`HttpClassify`], requests are
/// copied [`ByClone`], refusals are errors ([`AsError`]), and admissions end with the head ([`AtHead`]).
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct ClientLayer<C = HttpClassify, P = ByClone, R = AsError, H = AtHead> {
    pub(super) stack: ClientStack,
    pub(super) classifier: C,
    pub(super) replay: P,
    pub(super) rejecter: R,
    pub(super) hold: H,
}

impl ClientLayer {
    /// A view of `stack`, with the defaults above.
    pub fn new(stack: ClientStack) -> Self {
        Self {
            stack,
            classifier: HttpClassify::new(),
            replay: ByClone,
            rejecter: AsError,
            hold: AtHead,
        }
    }

    /// For HTTP clients: bodies are kept while they pass, up to 64 KiB, and sent again. The service inside takes
    /// `Request<ReplayBody<B>>`.
    pub fn http(stack: ClientStack) -> ClientLayer<HttpClassify, BufferedBody> {
        Self::new(stack).replay(BufferedBody::default())
    }

    /// For gRPC clients: statuses are read, in trailers too, and bodies are kept as by [`http`](Self::http).
    pub fn grpc(stack: ClientStack) -> ClientLayer<GrpcClassify, BufferedBody, AsError, AtEnd> {
        Self::new(stack)
            .replay(BufferedBody::default())
            .classify(GrpcClassify::new())
            .until_body_end()
    }
}

impl<C, P, R, H> ClientLayer<C, P, R, H> {
    /// Reads requests and results with another classifier: `ByResult` for services that are not HTTP.
    pub fn classify<C2>(self, classifier: C2) -> ClientLayer<C2, P, R, H> {
        ClientLayer {
            stack: self.stack,
            classifier,
            replay: self.replay,
            rejecter: self.rejecter,
            hold: self.hold,
        }
    }

    /// Copies requests in another way.
    pub fn replay<P2>(self, replay: P2) -> ClientLayer<C, P2, R, H> {
        ClientLayer {
            stack: self.stack,
            classifier: self.classifier,
            replay,
            rejecter: self.rejecter,
            hold: self.hold,
        }
    }

    /// Rejects with an HTTP response: 429, 503 or 504.
    pub fn responding(self) -> ClientLayer<C, P, AsResponse, H> {
        self.rejecting(AsResponse)
    }

    /// Rejects with a gRPC status.
    pub fn responding_grpc(self) -> ClientLayer<C, P, AsGrpc, H> {
        self.rejecting(AsGrpc)
    }

    /// Rejects with what `reject` returns.
    pub fn rejecting_with<Res, Err, F>(self, reject: F) -> ClientLayer<C, P, F, H>
    where
        F: Fn(&Rejection) -> Result<Res, Err>,
    {
        self.rejecting(reject)
    }

    /// Holds the slot, and waits with the breaker's verdict, until the last byte of the response.
    pub fn until_body_end(self) -> ClientLayer<C, P, R, AtEnd> {
        ClientLayer {
            stack: self.stack,
            classifier: self.classifier,
            replay: self.replay,
            rejecter: self.rejecter,
            hold: AtEnd,
        }
    }

    fn rejecting<R2>(self, rejecter: R2) -> ClientLayer<C, P, R2, H> {
        ClientLayer {
            stack: self.stack,
            classifier: self.classifier,
            replay: self.replay,
            rejecter,
            hold: self.hold,
        }
    }
}

impl<C: Clone, P: Clone, R: Clone, H: Clone> ClientLayer<C, P, R, H> {
    /// Wraps one service: [`Layer::layer`] by another name, so that the compiler can say what is missing.
    pub fn wrap<S>(&self, inner: S) -> ClientService<S, C, P, R, H> {
        ClientService::new(inner, self.clone())
    }
}

impl<S, C: Clone, P: Clone, R: Clone, H: Clone> Layer<S> for ClientLayer<C, P, R, H> {
    type Service = ClientService<S, C, P, R, H>;

    fn layer(&self, inner: S) -> Self::Service {
        self.wrap(inner)
    }
}
