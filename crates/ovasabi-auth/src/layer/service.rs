//! The service.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use ovasabi_core::reject::AsResponse;
use tower_service::Service;

use super::gate::Gate;
use crate::answer::{self, Answer};
use crate::future::ResponseFuture;

/// Verifies the bearer token of each request; made by [`AuthLayer`](super::AuthLayer).
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
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: Answer<ResBody>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        match self.gate.admit(&mut request) {
            Ok(None) => ResponseFuture::passed(self.inner.call(request), None),
            // Client layers and log lines inside find who is calling, as handlers do.
            Ok(Some(context)) => {
                let inner = context.scope_sync(|| self.inner.call(request));
                ResponseFuture::passed(inner, Some(context))
            }
            Err((reason, refusal)) => {
                let is_grpc = answer::is_grpc(request.headers());
                let mut response = self.answer.answer(&refusal, is_grpc);
                // Read by access logs and tests; extensions are never sent.
                response.extensions_mut().insert(reason);
                ResponseFuture::refused(response)
            }
        }
    }
}
