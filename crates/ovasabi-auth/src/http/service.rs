//! Any `tower` service as a client.

use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::read::read;
use super::{Fetch, FetchError, FetchFuture, Limits};

/// A service, behind a lock so that it need not be `Sync`: it is only held to clone.
pub(super) struct ServiceFetch<S, B> {
    service: Mutex<S>,
    body: PhantomData<fn(B)>,
}

impl<S, B> ServiceFetch<S, B> {
    pub(super) fn new(service: S) -> Self {
        Self {
            service: Mutex::new(service),
            body: PhantomData,
        }
    }
}

impl<S, B, Answer> Fetch for ServiceFetch<S, B>
where
    S: Service<Request<B>, Response = Response<Answer>> + Clone + Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::Future: Send,
    B: From<Bytes> + Send + 'static,
    Answer: Body + Send,
    Answer::Data: Send,
    Answer::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn fetch(&self, request: Request<Bytes>, limits: Limits) -> FetchFuture {
        let service = self.service.lock();
        let mut service = service.unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move {
            std::future::poll_fn(|cx| service.poll_ready(cx))
                .await
                .map_err(FetchError::client)?;
            let answer = service
                .call(request.map(B::from))
                .await
                .map_err(FetchError::client)?;
            let (head, body) = answer.into_parts();
            // The body of a redirect is for nobody.
            let body = if head.status.is_redirection() {
                Bytes::new()
            } else {
                read(body, limits.max_bytes()).await?
            };
            Ok(Response::from_parts(head, body))
        })
    }
}
