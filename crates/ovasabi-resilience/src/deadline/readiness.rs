//! Readiness as a part of the call.

use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

use super::future::ReadyThenCall;

/// Makes waiting for readiness a part of the call, so that a time limit around it covers that too.
///
/// Put on by [`DeadlineLayer::cover_readiness`](super::DeadlineLayer::cover_readiness).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadyInCallLayer;

/// A service that is always ready: each call takes a fresh clone of the one inside, waits until that is ready,
/// and calls it.
///
/// It reserves nothing and has no queue of its own: whoever bounds the number of calls outside bounds the number
/// of those that wait.
#[derive(Clone, Debug)]
pub struct ReadyInCall<S> {
    inner: S,
}

impl<S> ReadyInCall<S> {
    /// The service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S> Layer<S> for ReadyInCallLayer {
    type Service = ReadyInCall<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ReadyInCall { inner }
    }
}

impl<S: Service<Req> + Clone, Req> Service<Req> for ReadyInCall<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = ReadyThenCall<S, Req>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Req) -> Self::Future {
        // The one inside was never asked whether it is ready, so its clone has nothing to lose.
        ReadyThenCall::new(self.inner.clone(), request)
    }
}
