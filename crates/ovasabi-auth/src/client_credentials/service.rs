//! The service.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::AUTHORIZATION;
use http::{Request, Response};
use tower_service::Service;

use super::origin::Origin;
use super::sent::Sent;
use super::{BearerFuture, TokenError, TokenSource};

/// Puts a token into requests; made by [`BearerLayer`](super::BearerLayer).
#[derive(Clone, Debug)]
pub struct BearerService<S> {
    inner: S,
    source: TokenSource,
    origins: Arc<[Origin]>,
}

impl<S> BearerService<S> {
    pub(super) fn new(inner: S, source: TokenSource, origins: Arc<[Origin]>) -> Self {
        Self {
            inner,
            source,
            origins,
        }
    }

    fn is_for<B>(&self, request: &Request<B>) -> bool {
        !request.headers().contains_key(AUTHORIZATION)
            && Origin::of(request.uri()).is_some_and(|origin| self.origins.contains(&origin))
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for BearerService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    S::Error: From<TokenError>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BearerFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        if !self.is_for(&request) {
            return BearerFuture::calling(self.inner.call(request), None);
        }
        match self.source.now() {
            Ok(token) => match Sent::put(&self.source, token, &mut request) {
                Ok(sent) => BearerFuture::calling(self.inner.call(request), Some(sent)),
                Err(error) => BearerFuture::failed(error),
            },
            Err(_) => {
                // The one that is ready goes with the request; its clone has to be asked again.
                let clone = self.inner.clone();
                let inner = mem::replace(&mut self.inner, clone);
                BearerFuture::waiting(self.source.clone(), inner, request)
            }
        }
    }
}
