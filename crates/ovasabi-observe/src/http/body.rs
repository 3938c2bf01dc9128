//! The response body.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::record::RequestRecord;
use crate::metrics::Ended;

pin_project! {
    /// A response body whose end is the end of its request.
    pub struct ObservedBody<B> {
        #[pin]
        inner: B,
        record: Option<RequestRecord>,
    }
}

impl<B: Body> ObservedBody<B> {
    pub(super) fn new(inner: B, record: Option<RequestRecord>) -> Self {
        let mut body = Self { inner, record };
        // Nobody polls a body that has ended: an empty answer is complete with its head.
        if body.inner.is_end_stream() {
            end(&mut body.record, Ended::Complete);
        }
        body
    }
}

impl<B: Body> Body for ObservedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        let polled = {
            let _entered = this.record.as_ref().map(|record| record.span().enter());
            this.inner.as_mut().poll_frame(cx)
        };
        let frame = ready!(polled);
        match &frame {
            None => end(this.record, Ended::Complete),
            Some(Err(_)) => end(this.record, Ended::BodyError),
            Some(Ok(frame)) => {
                if let (Some(record), Some(data)) = (this.record.as_mut(), frame.data_ref()) {
                    record.sent(data.remaining());
                }
                // Consumers may stop polling after trailers, and where the length is known after the last
                // byte.
                if frame.is_trailers() || this.inner.is_end_stream() {
                    end(this.record, Ended::Complete);
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn end(record: &mut Option<RequestRecord>, ended: Ended) {
    if let Some(record) = record.take() {
        record.end(ended);
    }
}

/// Outer layers reject with a body of their own, which observes nothing.
impl<B: From<Bytes>> From<Bytes> for ObservedBody<B> {
    fn from(bytes: Bytes) -> Self {
        Self {
            inner: B::from(bytes),
            record: None,
        }
    }
}

/// Outer gRPC layers reject with an empty body.
impl<B: Default> Default for ObservedBody<B> {
    fn default() -> Self {
        Self {
            inner: B::default(),
            record: None,
        }
    }
}

impl<B: fmt::Debug> fmt::Debug for ObservedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedBody")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
