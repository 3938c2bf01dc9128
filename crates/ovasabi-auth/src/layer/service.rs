//! The service.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use ovasabi_core::reject::AsResponse;
use tower_service::Service;

use super::AuthFuture;
use super::gate::{Gate, Step};
use crate::answer::{self, Answer, Refusal};
use crate::future::ResponseFuture;
use crate::jose::Reason;

/// Verifies the credential of each request; made by [`AuthLayer`](super::AuthLayer).
#[derive(Clone, Debug)]
pub struct AuthService<S, R = AsResponse> {
    inner: S,
    gate: Arc<Gate>,
    answer: R,
}

impl<S, R> AuthService<S, R> {
    pub(super) fn new(inner: S, gate: Arc<Gate>, answer: R) -> Self {
        Self {
            inner,
            gate,
            answer,
        }
    }

    /// The service inside.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }
}

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for AuthService<S, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    R: Answer<ResBody> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = AuthFuture<S, ReqBody, ResBody, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        match self.gate.look(&mut request) {
            Step::Passed(context) => AuthFuture::decided(pass(&mut self.inner, request, context)),
            Step::Refused(reason, refusal) => {
                let is_grpc = answer::is_grpc(request.headers());
                AuthFuture::decided(refuse(&self.answer, reason, &refusal, is_grpc))
            }
            Step::Pending(place, ask) => {
                // The one that is ready goes with the request; its clone has to be asked again.
                let clone = self.inner.clone();
                let inner = mem::replace(&mut self.inner, clone);
                let gate = Arc::clone(&self.gate);
                AuthFuture::asking(ask, place, (inner, request), gate, self.answer.clone())
            }
        }
    }
}

/// Client layers and log lines inside find who is calling, as handlers do.
pub(super) fn pass<S, ReqBody, ResBody>(
    inner: &mut S,
    request: Request<ReqBody>,
    context: Option<ovasabi_core::Context>,
) -> ResponseFuture<S::Future, ResBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    let called = match &context {
        None => inner.call(request),
        Some(context) => context.scope_sync(|| inner.call(request)),
    };
    ResponseFuture::passed(called, context)
}

pub(super) fn refuse<F, ResBody>(
    answer: &impl Answer<ResBody>,
    reason: Reason,
    refusal: &Refusal,
    is_grpc: bool,
) -> ResponseFuture<F, ResBody> {
    let mut response = answer.answer(refusal, is_grpc);
    // Read by access logs and tests; extensions are never sent.
    response.extensions_mut().insert(reason);
    ResponseFuture::refused(response)
}
