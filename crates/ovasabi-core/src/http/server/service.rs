//! Between hyper and the application.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::{Method, Request, Response, Version};
use http_body::Body;
use hyper::body::Incoming;
use tower_service::Service;

use super::body::{RequestBody, Upload, too_large};
use super::exchange::{Exchange, Facts};
use super::flight::{Conn, InFlight};
use super::gate;
use super::reply::ReplyBody;
use super::state::add_one;
use crate::error::{BoxError, Error};

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
        if !is_h1 && let Some(error) = self.refuse(&request) {
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

    /// What the head check before hyper does for HTTP/1, for requests that came as HTTP/2 frames.
    fn refuse(&self, request: &Request<Incoming>) -> Option<Error> {
        let config = &self.conn.state.config;
        let headers = request.headers();
        let uri = request.uri();
        let length = uri
            .path_and_query()
            .map_or(0, |target| target.as_str().len());
        let error = if length > config.max_uri_bytes() {
            gate::uri_too_long(config)
        } else if headers.len() > config.max_headers() {
            gate::too_many_headers(config)
        } else if let Some(authority) = uri.authority()
            && headers
                .get_all(HOST)
                .iter()
                .any(|host| host.as_bytes() != authority.as_str().as_bytes())
        {
            gate::host_mismatch(config)
        } else {
            let announced = headers
                .get(CONTENT_LENGTH)
                .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
            announced
                .filter(|bytes| *bytes > config.max_body_limit())
                .map(|_| too_large(config.max_body_limit()))?
        };
        add_one(&self.conn.state.counters.refused);
        Some(error)
    }
}
