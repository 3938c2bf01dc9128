//! The service.

use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::ObservedBody;
use super::future::ResponseFuture;
use super::record::RequestRecord;
use crate::metrics::HttpMetrics;

/// Observes the requests to the service inside; see the [module](super).
#[derive(Clone, Debug)]
pub struct HttpServerService<S> {
    inner: S,
    metrics: HttpMetrics,
    access_log: bool,
}

impl<S> HttpServerService<S> {
    pub(super) fn new(inner: S, metrics: HttpMetrics, access_log: bool) -> Self {
        Self {
            inner,
            metrics,
            access_log,
        }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for HttpServerService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Body,
{
    type Response = Response<ObservedBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let record = RequestRecord::begin(&request, self.metrics.clone(), self.access_log);
        let inner = record.span().in_scope(|| self.inner.call(request));
        ResponseFuture::new(inner, record)
    }
}
