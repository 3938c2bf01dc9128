//! Readiness as a part of the call.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

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

pin_project! {
    /// The future of [`ReadyInCall`](super::ReadyInCall).
    #[must_use = "futures do nothing unless polled"]
    pub struct ReadyThenCall<S: Service<Req>, Req> {
        #[pin]
        step: Step<S, Req, S::Future>,
    }
}

pin_project! {
    #[project = StepProj]
    enum Step<S, Req, F> {
        Waiting { service: S, request: Option<Req> },
        Calling { #[pin] call: F },
    }
}

impl<S: Service<Req>, Req> ReadyThenCall<S, Req> {
    fn new(service: S, request: Req) -> Self {
        Self {
            step: Step::Waiting {
                service,
                request: Some(request),
            },
        }
    }
}

impl<S: Service<Req>, Req> Future for ReadyThenCall<S, Req> {
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let call = match this.step.as_mut().project() {
                StepProj::Calling { call } => return call.poll(cx),
                StepProj::Waiting { service, request } => {
                    ready!(service.poll_ready(cx))?;
                    let Some(request) = request.take() else {
                        return Poll::Pending;
                    };
                    service.call(request)
                }
            };
            this.step.set(Step::Calling { call });
        }
    }
}

impl<S: Service<Req>, Req> fmt::Debug for ReadyThenCall<S, Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_waiting = matches!(self.step, Step::Waiting { .. });
        f.debug_struct("ReadyThenCall")
            .field("is_waiting", &is_waiting)
            .finish_non_exhaustive()
    }
}
