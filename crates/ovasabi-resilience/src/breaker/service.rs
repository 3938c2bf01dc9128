//! The service: no policy inside.

use std::mem;
use std::task::{Context, Poll, ready};

use ovasabi_core::body::{AtHead, Hold};
use ovasabi_core::classify::{Classify, HttpClassify, ReadRequest};
use ovasabi_core::reject::{AsError, Reject};
use tower_service::Service;

use super::future::ResponseFuture;
use super::permit::Held;
use super::ready::Waiting;
use super::{CircuitBreaker, ReadyMode};

/// A service behind a [`CircuitBreaker`]; made by [`CircuitBreakerLayer`](super::CircuitBreakerLayer).
///
/// Its error type is that of the service inside. While the breaker refuses, it does not ask the service inside
/// whether it is ready, for that may be stuck. By default it is ready at once, and the call that follows is
/// refused; see [`ReadyMode`] for the other way.
#[derive(Debug)]
pub struct CircuitBreakerService<S, C = HttpClassify, R = AsError, H = AtHead> {
    inner: S,
    breaker: CircuitBreaker,
    classifier: C,
    rejecter: R,
    hold: H,
    ready: ReadyMode,
    /// For [`ReadyMode::Wait`].
    waiting: Waiting,
    /// `inner` was not asked whether it is ready, because the next call was to be refused.
    skipped: bool,
}

impl<S, C, R, H> CircuitBreakerService<S, C, R, H> {
    pub(super) fn new(
        inner: S,
        breaker: CircuitBreaker,
        classifier: C,
        rejecter: R,
        hold: H,
        ready: ReadyMode,
    ) -> Self {
        Self {
            inner,
            breaker,
            classifier,
            rejecter,
            hold,
            ready,
            waiting: Waiting::default(),
            skipped: false,
        }
    }

    /// The service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service inside.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service inside, without its breaker.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, Req, C, R, H> Service<Req> for CircuitBreakerService<S, C, R, H>
where
    S: Service<Req>,
    C: ReadRequest<Req> + Classify<S::Response, S::Error> + Clone,
    R: Reject<S::Response, S::Error> + Clone,
    H: Hold<S::Response, Held, C::End> + Clone,
{
    type Response = H::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, C, R, H>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let breaker = &self.breaker;
        self.skipped = breaker.refuses(|| breaker.clock().now());
        if self.skipped {
            match self.ready {
                ReadyMode::Reject => return Poll::Ready(Ok(())),
                ReadyMode::Wait => {
                    self.skipped = false;
                    ready!(self.waiting.poll(breaker.shared(), cx));
                }
            }
        }
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        let facts = self.classifier.facts(&request);
        // Copied first: foreign code may panic, and nothing is taken yet.
        let (classifier, hold) = (self.classifier.clone(), self.hold.clone());
        let admitted = if mem::take(&mut self.skipped) {
            let breaker = &self.breaker;
            Err(breaker.refuse(|| breaker.clock().now()))
        } else {
            self.breaker.enter_held()
        };
        match admitted {
            Ok(held) => {
                let inner = &mut self.inner;
                ResponseFuture::admitted(held, || inner.call(request), facts, classifier, hold)
            }
            Err(rejection) => {
                ResponseFuture::refused(rejection, facts, self.rejecter.clone(), hold)
            }
        }
    }
}

/// Not derived: a clone of a service that was skipped has been asked nothing, and must not refuse for it. Nor does
/// it wait: it has not been asked whether it is ready.
impl<S: Clone, C: Clone, R: Clone, H: Clone> Clone for CircuitBreakerService<S, C, R, H> {
    fn clone(&self) -> Self {
        Self::new(
            self.inner.clone(),
            self.breaker.clone(),
            self.classifier.clone(),
            self.rejecter.clone(),
            self.hold.clone(),
            self.ready,
        )
    }
}
