//! A reqwest client as a service over `http` types.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::failure::{Failure, FailureKind, connect_kind};
use super::watch::Watch;
use crate::error::{BoxError, Error};

/// A reqwest client as a service of `http` requests, with the deadline and the errors of
/// [`Client`](super::Client).
///
/// The request body is boxed once, as reqwest demands; a body that was there in one piece should be
/// passed as `reqwest::Body` to keep redirects and retries of reqwest possible.
#[must_use]
pub fn from_reqwest(client: reqwest::Client) -> ReqwestService {
    ReqwestService { inner: client }
}

/// The service that [`from_reqwest`] makes. Clones share the pool.
#[derive(Clone, Debug)]
pub struct ReqwestService {
    inner: reqwest::Client,
}

impl<B> Service<Request<B>> for ReqwestService
where
    B: Body<Data = Bytes> + Send + Sync + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<reqwest::Body>;
    type Error = Error;
    type Future = ReqwestFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ReqwestFuture {
        let call = Watch::of(request.extensions()).and_then(|watch| {
            let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap))
                .map_err(|error| Failure::new(FailureKind::BadRequest, error))?;
            let client = self.inner.clone();
            // reqwest hides the future of its client behind its own; an async call keeps us off its internals.
            Ok(Call {
                inner: Box::pin(async move { client.execute(request).await }),
                watch: Some(watch),
            })
        });
        ReqwestFuture {
            call: call.map_err(Some),
        }
    }
}

/// Waits for the head of an answer. Dropping it drops the call.
#[must_use = "a call does nothing unless it is polled"]
pub struct ReqwestFuture {
    call: Result<Call, Option<Error>>,
}

struct Call {
    inner: Pin<Box<dyn Future<Output = reqwest::Result<reqwest::Response>> + Send>>,
    watch: Option<Watch>,
}

impl Future for ReqwestFuture {
    type Output = Result<Response<reqwest::Body>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let call = match &mut self.call {
            Ok(call) => call,
            Err(error) => {
                return error
                    .take()
                    .map_or(Poll::Pending, |error| Poll::Ready(Err(error)));
            }
        };
        match call.inner.as_mut().poll(cx) {
            Poll::Ready(Ok(response)) => {
                let response = Response::<reqwest::Body>::from(response);
                Poll::Ready(Ok(match call.watch.take() {
                    Some(watch) => {
                        response.map(|inner| reqwest::Body::wrap(Watched { inner, watch }))
                    }
                    None => response,
                }))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(failure(error).into())),
            Poll::Pending => match &mut call.watch {
                Some(watch) => watch.poll_done(cx).map(Err),
                None => Poll::Pending,
            },
        }
    }
}

fn failure(error: reqwest::Error) -> Failure {
    let kind = if error.is_dns() {
        FailureKind::Dns
    } else if error.is_connect() {
        match connect_kind(&error) {
            FailureKind::Connect if error.is_timeout() => FailureKind::ConnectTimeout,
            kind => kind,
        }
    } else if error.is_timeout() {
        FailureKind::Timeout
    } else if error.is_builder() || error.is_body() {
        FailureKind::BadRequest
    } else if error.is_decode() {
        FailureKind::BadResponse
    } else {
        FailureKind::Closed
    };
    Failure::new(kind, error)
}

/// reqwest's body, cut off with the context of its call.
struct Watched {
    inner: reqwest::Body,
    watch: Watch,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        match Pin::new(&mut this.inner).poll_frame(cx) {
            // As for our own client: whoever reads slower than the other side writes never waits.
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(match this.watch.poll_done(cx) {
                Poll::Ready(error) => Err(error.into()),
                Poll::Pending => Ok(frame),
            })),
            Poll::Ready(frame) => Poll::Ready(frame.map(|frame| frame.map_err(Into::into))),
            Poll::Pending => this
                .watch
                .poll_done(cx)
                .map(|error| Some(Err(error.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.inner.size_hint()
    }
}

impl fmt::Debug for ReqwestFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestFuture").finish_non_exhaustive()
    }
}
