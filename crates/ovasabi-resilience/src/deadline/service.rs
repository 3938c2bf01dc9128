//! The service.

use std::task::{Context, Poll};

use ovasabi_core::Rejection;
use ovasabi_core::classify::ReadRequest;
use ovasabi_core::reject::{Reject, RejectKind};
use tokio::time::Instant;
use tower_service::Service;

use super::DeadlineLayer;
use super::future::ResponseFuture;

/// Limits the time of each call; see the [module](super).
#[derive(Clone, Debug)]
pub struct DeadlineService<S, C, R> {
    inner: S,
    layer: DeadlineLayer<C, R>,
}

impl<S, C, R> DeadlineService<S, C, R> {
    pub(super) fn new(inner: S, layer: DeadlineLayer<C, R>) -> Self {
        Self { inner, layer }
    }
}

impl<S, Req, C, R> Service<Req> for DeadlineService<S, C, R>
where
    S: Service<Req>,
    C: ReadRequest<Req>,
    R: Reject<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, S::Response, S::Error, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let DeadlineLayer {
            name,
            limit,
            classify,
            reject,
        } = &self.layer;
        let facts = classify.facts(&request);
        let now = Instant::now();
        let own = now.checked_add(*limit);
        // The service is to blame when it had all the time that it is given. A caller that brings less has not
        // waited long enough to know, and could open every breaker around by bringing none.
        let (at, kind) = match (own, facts.deadline()) {
            (Some(own), Some(caller)) if caller < own => {
                (Some(caller), RejectKind::DeadlineExceeded)
            }
            (None, caller) => (caller, RejectKind::DeadlineExceeded),
            (own, _) => (own, RejectKind::TimedOut),
        };
        if at.is_some_and(|at| at <= now) {
            let rejection = Rejection::new(
                RejectKind::DeadlineExceeded,
                super::layer::LAYER,
                name.clone(),
            );
            return ResponseFuture::refused(reject.reject(&facts, rejection));
        }
        ResponseFuture::running(
            self.inner.call(request),
            at,
            facts,
            Rejection::new(kind, super::layer::LAYER, name.clone()),
            reject.clone(),
        )
    }
}
