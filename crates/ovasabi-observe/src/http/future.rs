//! The response future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::ObservedBody;
use super::record::RequestRecord;
use crate::metrics::Ended;

pin_project! {
    /// The future of [`HttpServerService`](super::HttpServerService). Dropped before the head, the request
    /// counts as cancelled.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        record: Option<RequestRecord>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, record: RequestRecord) -> Self {
        Self {
            inner,
            record: Some(record),
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<ObservedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = {
            let _entered = this.record.as_ref().map(|record| record.span().enter());
            this.inner.poll(cx)
        };
        let result = ready!(polled);
        let record = this.record.take();
        Poll::Ready(match result {
            Ok(response) => Ok(observe(response, record)),
            Err(error) => {
                if let Some(record) = record {
                    record.end(Ended::ServiceError);
                }
                Err(error)
            }
        })
    }
}

fn observe<B: Body>(
    response: Response<B>,
    record: Option<RequestRecord>,
) -> Response<ObservedBody<B>> {
    let (parts, body) = response.into_parts();
    let record = record.map(|mut record| {
        record.head(&parts);
        record
    });
    Response::from_parts(parts, ObservedBody::new(body, record))
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
