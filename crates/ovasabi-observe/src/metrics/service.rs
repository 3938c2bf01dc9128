//! The metrics page.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use ovasabi_core::inspect::Registry;
use tower_service::Service;

use super::{HttpMetrics, render};

/// Answers every `GET` with the Prometheus text; made by
/// [`Telemetry::metrics_service`](crate::Telemetry::metrics_service).
///
/// The response body is any `B: From<Bytes>`, so that it serves axum and plain hyper alike. It says nothing
/// about who may ask: give it a port that only the cluster reaches.
#[derive(Clone, Debug)]
pub struct MetricsService {
    registry: Registry,
    http: HttpMetrics,
}

impl MetricsService {
    pub(crate) fn new(registry: Registry, http: HttpMetrics) -> Self {
        Self { registry, http }
    }

    /// The answer to one request.
    pub fn respond<B: From<Bytes>>(&self, method: &Method) -> Response<B> {
        if method != Method::GET && method != Method::HEAD {
            let mut response = Response::new(B::from(Bytes::new()));
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            let allowed = HeaderValue::from_static("GET, HEAD");
            response.headers_mut().insert(ALLOW, allowed);
            return response;
        }
        let mut response = Response::new(B::from(Bytes::from(render(&self.registry, &self.http))));
        let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
    }
}

impl<Body> Service<Request<Body>> for MetricsService {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        ready(Ok(self.respond(request.method())))
    }
}
