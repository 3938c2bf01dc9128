//! The service: no policy inside.

use std::mem;
use std::task::{Context, Poll};

use ovasabi_core::body::{AtHead, Hold};
use ovasabi_core::classify::{Classify, HttpClassify, ReadRequest};
use ovasabi_core::reject::{AsError, Reject};
use tower_service::Service;

use super::Policy;
use super::future::ResponseFuture;
use super::permit::Held;
use super::policy::Outlook;

/// A service behind a [`LoadShed`](super::LoadShed) or a [`Throttle`](super::Throttle); made by
/// [`ShedLayer`](super::ShedLayer).
///
/// Its error type is that of the service inside. Where the next call is to be refused whatever it is, it is ready
/// at once and does not ask the service inside, which may be stuck; the call that follows is refused. Else it is
/// ready when the service inside is: that it is pending is no reason to refuse.
#[derive(Debug)]
pub struct ShedService<S, P, C = HttpClassify, R = AsError, H = AtHead> {
    inner: S,
    policy: P,
    classifier: C,
    rejecter: R,
    hold: H,
    /// What was known of the next call when it was last asked whether it is ready.
    outlook: Outlook,
}

impl<S, P, C, R, H> ShedService<S, P, C, R, H> {
    pub(super) fn new(inner: S, policy: P, classifier: C, rejecter: R, hold: H) -> Self {
        Self {
            inner,
            policy,
            classifier,
            rejecter,
            hold,
            outlook: Outlook::Open,
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

    /// The service inside, by itself.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, Req, P, C, R, H> Service<Req> for ShedService<S, P, C, R, H>
where
    S: Service<Req>,
    P: Policy,
    C: ReadRequest<Req> + Classify<S::Response, S::Error> + Clone,
    R: Reject<S::Response, S::Error> + Clone,
    H: Hold<S::Response, Held<P>, C::End> + Clone,
{
    type Response = H::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, P, C, R, H>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.outlook = self.policy.look(self.outlook);
        if self.outlook == Outlook::Refused {
            Poll::Ready(Ok(()))
        } else {
            self.inner.poll_ready(cx)
        }
    }

    // Always: as a function apart it would return the future through memory.
    #[inline(always)]
    fn call(&mut self, request: Req) -> Self::Future {
        let facts = self.classifier.facts(&request);
        // Copied first: foreign code may panic, and nothing is taken yet.
        let (classifier, hold) = (self.classifier.clone(), self.hold.clone());
        match self.policy.enter(mem::take(&mut self.outlook), &facts) {
            Ok(ticket) => {
                let inner = &mut self.inner;
                ResponseFuture::admitted(
                    Held::new(self.policy.clone(), ticket),
                    || inner.call(request),
                    facts,
                    classifier,
                    hold,
                )
            }
            Err(rejection) => {
                ResponseFuture::refused(rejection, facts, self.rejecter.clone(), hold)
            }
        }
    }
}

/// Not derived: nothing is known of the next call of a clone, which has been asked nothing.
impl<S: Clone, P: Clone, C: Clone, R: Clone, H: Clone> Clone for ShedService<S, P, C, R, H> {
    fn clone(&self) -> Self {
        Self::new(
            self.inner.clone(),
            self.policy.clone(),
            self.classifier.clone(),
            self.rejecter.clone(),
            self.hold.clone(),
        )
    }
}
