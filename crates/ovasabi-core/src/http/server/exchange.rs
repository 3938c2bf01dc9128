//! One request under way: whatever happens in it, one answer comes out.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_LENGTH};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::RequestBody;
use super::body::Upload;
use super::flight::InFlight;
use super::gate;
use super::handle::Phase;
use super::reply::ReplyBody;
use super::state::add_one;
use crate::Rejection;
use crate::error::{BoxError, Code, Error};
use crate::http::AnswerBody;

/// What the answer depends on besides the service.
pub(super) struct Facts {
    pub(super) in_flight: Option<InFlight>,
    pub(super) upload: Option<Arc<Upload>>,
    pub(super) is_h1: bool,
    pub(super) is_head: bool,
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

impl<S: Service<Request<RequestBody>>> Exchange<S> {
    pub(super) fn waiting(service: S, request: Request<RequestBody>, facts: Facts) -> Self {
        Self {
            step: Step::Waiting {
                service,
                request: Some(request),
            },
            facts,
        }
    }

    pub(super) fn refused(error: Error, facts: Facts) -> Self {
        Self {
            step: Step::Refused { error: Some(error) },
            facts,
        }
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
                    let error = error
                        .take()
                        .unwrap_or_else(|| Error::new(Code::Internal, "internal"));
                    let mut answer: Response<AnswerBody<B>> = error.to_response(None);
                    if answer.status() == StatusCode::METHOD_NOT_ALLOWED {
                        answer
                            .headers_mut()
                            .insert(ALLOW, HeaderValue::from_static(gate::ALLOW));
                    }
                    return Poll::Ready(answer);
                }
                StepProjection::Waiting { service, request } => {
                    if let Err(error) = ready!(service.poll_ready(cx)) {
                        return Poll::Ready(of_error(error.into()));
                    }
                    let Some(request) = request.take() else {
                        return Poll::Pending;
                    };
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
    fn finish<B: Body<Data = Bytes>>(
        &mut self,
        mut answer: Response<AnswerBody<B>>,
    ) -> Response<ReplyBody<B>>
    where
        B::Error: Into<BoxError>,
    {
        let mut closes = false;
        if let Some(error) = self.upload.take().and_then(|upload| upload.verdict()) {
            // A handler that got an error from a body makes anything of it; the server knows better.
            answer = error.to_response(None);
            closes = true;
        }
        let draining = self
            .in_flight
            .as_ref()
            .is_some_and(|one| one.conn().state.phase() != Phase::Serving);
        if self.is_h1 && (closes || draining) && answer.status() != StatusCode::SWITCHING_PROTOCOLS
        {
            answer
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(one) = self
            .in_flight
            .as_ref()
            .filter(|_| answer.status() == StatusCode::SWITCHING_PROTOCOLS)
        {
            one.conn().flow().is_upgraded = true;
        }
        let has_body = !self.is_head && !matches!(answer.status().as_u16(), 101 | 204 | 304);
        let announced = answer
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let in_flight = self.in_flight.take();
        answer.map(|body| ReplyBody::new(body, in_flight, has_body, announced))
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
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("not a text")
}
