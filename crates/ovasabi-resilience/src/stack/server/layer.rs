//! The layer of a server stack.

use std::sync::Arc;

use ovasabi_core::Rejection;
use ovasabi_core::body::{AtEnd, AtHead};
use ovasabi_core::classify::{GrpcClassify, HttpClassify};
use ovasabi_core::reject::{AsError, AsGrpc, AsResponse};
use tower_layer::{Identity, Layer};

use super::super::service::RunService;
use super::ServerStack;
use crate::rate_limit::RateLimiter;
use crate::shed::LoadShed;

/// A view of a [`ServerStack`]. All services that it makes share the stack's state.
///
/// Requests and results are read by [`HttpClassify`], refusals are responses ([`AsResponse`]: problem+json, or a
/// gRPC status to gRPC), and a slot is held until the last byte ([`AtEnd`]).
#[derive(Debug)]
#[must_use = "a layer does nothing until it wraps a service"]
pub struct ServerLayer<
    G = RateLimiter,
    E = Identity,
    A = Identity,
    P = Identity,
    C = HttpClassify,
    R = AsResponse,
    H = AtEnd,
> {
    stack: ServerStack<G, E, A, P>,
    classifier: C,
    rejecter: R,
    hold: H,
}

impl<G, E, A, P> ServerLayer<G, E, A, P> {
    /// A view of `stack`, with the choices above.
    pub fn new(stack: ServerStack<G, E, A, P>) -> Self {
        Self {
            stack,
            classifier: HttpClassify::new(),
            rejecter: AsResponse,
            hold: AtEnd,
        }
    }
}

impl<G, E, A, P, C, R, H> ServerLayer<G, E, A, P, C, R, H> {
    /// For tonic: statuses are read, and refusals are statuses.
    pub fn grpc(self) -> ServerLayer<G, E, A, P, GrpcClassify, AsGrpc, H> {
        self.rejecting(AsGrpc).classify(GrpcClassify::new())
    }

    /// Reads requests and results with another classifier.
    pub fn classify<C2>(self, classifier: C2) -> ServerLayer<G, E, A, P, C2, R, H> {
        ServerLayer {
            stack: self.stack,
            classifier,
            rejecter: self.rejecter,
            hold: self.hold,
        }
    }

    /// Rejects with an error, for services that are not HTTP.
    pub fn as_error(self) -> ServerLayer<G, E, A, P, C, AsError, H> {
        self.rejecting(AsError)
    }

    /// Rejects with what `reject` returns.
    pub fn rejecting_with<Res, Err, F>(self, reject: F) -> ServerLayer<G, E, A, P, C, F, H>
    where
        F: Fn(&Rejection) -> Result<Res, Err>,
    {
        self.rejecting(reject)
    }

    /// Gives a slot back with the head of the response: for responses whose body cannot be followed.
    pub fn until_head(self) -> ServerLayer<G, E, A, P, C, R, AtHead> {
        ServerLayer {
            stack: self.stack,
            classifier: self.classifier,
            rejecter: self.rejecter,
            hold: AtHead,
        }
    }

    fn rejecting<R2>(self, rejecter: R2) -> ServerLayer<G, E, A, P, C, R2, H> {
        ServerLayer {
            stack: self.stack,
            classifier: self.classifier,
            rejecter,
            hold: self.hold,
        }
    }
}

// By hand: a derive would ask for `G: Clone`.
impl<G, E, A, P, C, R, H> Clone for ServerLayer<G, E, A, P, C, R, H>
where
    E: Clone,
    A: Clone,
    P: Clone,
    C: Clone,
    R: Clone,
    H: Clone,
{
    fn clone(&self) -> Self {
        Self {
            stack: self.stack.clone(),
            classifier: self.classifier.clone(),
            rejecter: self.rejecter.clone(),
            hold: self.hold.clone(),
        }
    }
}

/// The run inside of [`Slot::Auth`](super::Slot::Auth) holds nothing: it ends with the head.
type Inner<S, P, C, R, G> = RunService<<P as Layer<S>>::Service, C, R, AtHead, G>;
type Outer<S, A, P, C, R, H, G> =
    RunService<<A as Layer<Inner<S, P, C, R, G>>>::Service, C, R, H, LoadShed>;

impl<S, G, E, A, P, C, R, H> Layer<S> for ServerLayer<G, E, A, P, C, R, H>
where
    P: Layer<S>,
    A: Layer<Inner<S, P, C, R, G>>,
    E: Layer<Outer<S, A, P, C, R, H, G>>,
    C: Clone,
    R: Clone,
    H: Clone,
{
    type Service = E::Service;

    fn layer(&self, service: S) -> Self::Service {
        let (edge, auth, policy) = &self.stack.layers;
        let read = || (self.classifier.clone(), self.rejecter.clone());
        let (classifier, rejecter) = read();
        let inner = RunService::new(
            policy.layer(service),
            Arc::clone(&self.stack.inner),
            (classifier, rejecter, AtHead),
        );
        let (classifier, rejecter) = read();
        let outer = RunService::new(
            auth.layer(inner),
            Arc::clone(&self.stack.outer),
            (classifier, rejecter, self.hold.clone()),
        );
        edge.layer(outer)
    }
}
