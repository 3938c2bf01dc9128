//! The answer of the upstream, on its way back.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::header::VIA;
use http::{Response, StatusCode, Version};
use pin_project_lite::pin_project;

use super::hop;
use super::service::{upstream_error, via};
use crate::error::{BoxError, Error};
use crate::http::AnswerBody;

pin_project! {
    /// Waits for the head of the upstream's answer. Dropping it drops the upstream call.
    #[must_use = "a call does nothing unless it is polled"]
    pub struct ResponseFuture<F, E> {
        #[pin]
        step: Step<F>,
        error: PhantomData<fn() -> E>,
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step<F> {
        Called { #[pin] future: F },
        Failed { error: Option<Error> },
    }
}

impl<F, E> ResponseFuture<F, E> {
    pub(super) const fn called(future: F) -> Self {
        Self {
            step: Step::Called { future },
            error: PhantomData,
        }
    }

    pub(super) const fn failed(error: Error) -> Self {
        Self {
            step: Step::Failed { error: Some(error) },
            error: PhantomData,
        }
    }
}

impl<F, E, R> Future for ResponseFuture<F, E>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<AnswerBody<R>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = match self.project().step.project() {
            StepProjection::Called { future } => {
                ready!(future.poll(cx)).map_err(|error| upstream_error(error.into()))
            }
            StepProjection::Failed { error } => match error.take() {
                Some(error) => Err(error),
                // Polled after it was ready, which no executor does.
                None => return Poll::Pending,
            },
        };
        Poll::Ready(Ok(match answer {
            Ok(mut response) => {
                let received = response.version();
                *response.version_mut() = Version::HTTP_11;
                if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                    // We stripped `Upgrade`, so nobody asked for this.
                    return Poll::Ready(Ok(refused()));
                }
                hop::strip_response(response.headers_mut());
                response.headers_mut().append(VIA, via(received));
                response.map(AnswerBody::own)
            }
            Err(error) => {
                tracing::debug!(target: "ovasabi::http::proxy", error = ?error, "answered in place of the upstream");
                // With the error inside, so that the access log in front tells the cause.
                error.into_http(None)
            }
        }))
    }
}

fn refused<R>() -> Response<AnswerBody<R>> {
    upstream_error("the upstream switched protocols unasked".into()).into_http(None)
}

impl<F, E> fmt::Debug for ResponseFuture<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
