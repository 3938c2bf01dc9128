//! Between hyper and the application.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, Version};
use http_body::Body;
use hyper::body::Incoming;
use tower_service::Service;

use super::body::{RequestBody, Upload};
use super::exchange::{Exchange, Facts};
use super::flight::{Conn, InFlight};
use super::gate;
use super::reply::ReplyBody;
use super::state::add_one;
use crate::error::BoxError;

/// What hyper calls: a clone of the application for each request.
pub(super) struct Serve<S> {
    service: S,
    conn: Arc<Conn>,
}

impl<S> Serve<S> {
    pub(super) const fn new(service: S, conn: Arc<Conn>) -> Self {
        Self { service, conn }
    }
}

impl<S, B> hyper::service::Service<Request<Incoming>> for Serve<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Response = Response<ReplyBody<B>>;
    type Error = Infallible;
    type Future = Exchange<S>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let in_flight = InFlight::start(Arc::clone(&self.conn));
        let is_h1 = request.version() < Version::HTTP_2;
        let is_head = request.method() == Method::HEAD;
        let mut facts = Facts {
            in_flight: Some(in_flight),
            upload: None,
            is_h1,
            is_head,
        };
        // HTTP/1 heads were checked before hyper read them.
        if !is_h1 && let Some(error) = gate::refused(&request, &self.conn.state.config) {
            add_one(&self.conn.state.counters.refused);
            return Exchange::refused(error, facts);
        }
        let request = self.admit(request, &mut facts.upload);
        Exchange::waiting(self.service.clone(), request, facts)
    }
}

impl<S> Serve<S> {
    fn admit(
        &self,
        request: Request<Incoming>,
        upload: &mut Option<Arc<Upload>>,
    ) -> Request<RequestBody> {
        let config = &self.conn.state.config;
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(self.conn.peer);
        if !body.is_end_stream() {
            let shared = Upload::new(config.body_limit(), config.max_body_limit());
            parts.extensions.insert(shared.limit());
            *upload = Some(shared);
        }
        Request::from_parts(parts, RequestBody::new(body, upload.clone()))
    }
}
