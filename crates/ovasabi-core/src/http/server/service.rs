//! Between hyper and the application: one request in, one answer out, whatever happens.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST};
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::body::{RequestBody, Upload, too_large};
use super::flight::{Conn, InFlight};
use super::handle::Phase;
use super::reply::ReplyBody;
use super::state::add_one;
use crate::error::{BoxError, Code, Error};
use crate::Rejection;
use crate::http::AnswerBody;

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
        let mut upload = None;
        let step = match if is_h1 { None } else { self.refuse(&request) } {
            Some(error) => Step::Refused { error: Some(error) },
            None => {
                let request = self.admit(request, &mut upload);
                Step::Waiting { service: self.service.clone(), request: Some(request) }
            }
        };
        Exchange { step, facts: Facts { in_flight: Some(in_flight), upload, is_h1, is_head } }
    }
}

impl<S> Serve<S> {
    fn admit(&self, request: Request<Incoming>, upload: &mut Option<Arc<Upload>>) -> Request<RequestBody> {
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
        let length = uri.path_and_query().map_or(0, |target| target.as_str().len());
        let error = if length > config.max_uri_bytes() {
            super::gate::uri_too_long(config)
        } else if headers.len() > config.max_headers() {
            super::gate::too_many_headers(config)
        } else if let Some(authority) = uri.authority()
            && headers.get_all(HOST).iter().any(|host| host.as_bytes() != authority.as_str().as_bytes())
        {
            super::gate::host_mismatch(config)
        } else {
            let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
            announced.filter(|bytes| *bytes > config.max_body_limit()).map(|_| too_large(config.max_body_limit()))?
        };
        add_one(&self.conn.state.counters.refused);
        Some(error)
    }
}

struct Facts {
    in_flight: Option<InFlight>,
    upload: Option<Arc<Upload>>,
    is_h1: bool,
    is_head: bool,
}

pin_project! {
    /// One request under way.
    pub(super) struct Exchange<S: Service<Request<RequestBody>>> {
        #[pin]
        step: Step<S>,
        facts: Facts,
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step<S: Service<Request<RequestBody>>> {
        Refused { error: Option<Error> },
        Waiting { service: S, request: Option<Request<RequestBody>> },
        Called { #[pin] future: S::Future },
    }
}

impl<S, B> Future for Exchange<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response<ReplyBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // Unwind safety: after a panic the service's future is never polled again, and what it shares with
        // others is its own concern, as it is with any task that panics.
        let caught = catch_unwind(AssertUnwindSafe(|| this.step.as_mut().poll(cx)));
        let answer = match caught {
            Ok(poll) => ready!(poll),
            Err(panic) => {
                let state = this.facts.in_flight.as_ref().map(|one| &one.conn().state);
                if let Some(state) = state {
                    add_one(&state.counters.panics);
                }
                let message = panic_message(&*panic);
                tracing::error!(target: "ovasabi::http::server", panic = message, "a handler panicked");
                Error::new(Code::Internal, "internal").to_response(None)
            }
        };
        Poll::Ready(Ok(this.facts.finish(answer)))
    }
}

impl<S, B> Step<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>>,
    S::Error: Into<BoxError>,
{
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response<AnswerBody<B>>> {
        loop {
            let future = match self.as_mut().project() {
                StepProjection::Refused { error } => {
                    let error = error.take().unwrap_or_else(|| Error::new(Code::Internal, "internal"));
                    return Poll::Ready(error.to_response(None));
                }
                StepProjection::Waiting { service, request } => {
                    if let Err(error) = ready!(service.poll_ready(cx)) {
                        return Poll::Ready(of_error(error.into()));
                    }
                    let Some(request) = request.take() else { return Poll::Pending };
                    service.call(request)
                }
                StepProjection::Called { future } => {
                    return Poll::Ready(match ready!(future.poll(cx)) {
                        Ok(response) => response.map(AnswerBody::own),
                        Err(error) => of_error(error.into()),
                    });
                }
            };
            self.set(Self::Called { future });
        }
    }
}

impl Facts {
    fn finish<B: Body<Data = Bytes>>(&mut self, mut answer: Response<AnswerBody<B>>) -> Response<ReplyBody<B>>
    where
        B::Error: Into<BoxError>,
    {
        let mut closes = false;
        if let Some(error) = self.upload.take().and_then(|upload| upload.verdict()) {
            // A handler that got an error from a body makes anything of it; the server knows better.
            answer = error.to_response(None);
            closes = true;
        }
        let draining = self.in_flight.as_ref().is_some_and(|one| one.conn().state.phase() != Phase::Serving);
        if self.is_h1 && (closes || draining) && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(one) = self.in_flight.as_ref().filter(|_| answer.status() == StatusCode::SWITCHING_PROTOCOLS) {
            one.conn().flow().is_upgraded = true;
        }
        let has_body = !self.is_head && !matches!(answer.status().as_u16(), 101 | 204 | 304);
        let in_flight = self.in_flight.take();
        answer.map(|body| ReplyBody::new(body, in_flight, has_body))
    }
}

/// The answer for an error of any type: its own if it is one of ours, else a 500 that says nothing.
fn of_error<B>(error: BoxError) -> Response<AnswerBody<B>> {
    match error.downcast::<Error>() {
        Ok(error) => {
            tracing::debug!(target: "ovasabi::http", error = ?error, "answered with an error");
            error.to_response(None)
        }
        Err(other) => {
            let public = Rejection::find(&other).cloned().map(Error::from);
            let error = public.unwrap_or_else(|| Error::internal(other));
            tracing::error!(target: "ovasabi::http", error = ?error, "the service failed");
            error.to_response(None)
        }
    }
}

/// The text of a panic, for the log.
fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("not a text")
}
