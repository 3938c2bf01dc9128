//! The body of an answer.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::failure::{Failure, FailureKind};
use super::watch::Watch;
use crate::error::Error;

/// The body of an answer as it streams in. It fails when the context of its call is done, and when the
/// other side breaks off.
#[derive(Debug)]
pub struct ClientBody {
    inner: Incoming,
    watch: Watch,
}

impl ClientBody {
    pub(super) const fn new(inner: Incoming, watch: Watch) -> Self {
        Self { inner, watch }
    }
}

impl Body for ClientBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        match Pin::new(&mut this.inner).poll_frame(cx) {
            Poll::Ready(Some(Err(error))) => {
                Poll::Ready(Some(Err(Failure::new(FailureKind::Closed, error).into())))
            }
            Poll::Ready(Some(Ok(frame))) => {
                // Looked at here too: whoever reads slower than the other side writes never waits.
                let done = this.watch.poll_done(cx);
                Poll::Ready(Some(match done {
                    Poll::Ready(error) => Err(error),
                    Poll::Pending => Ok(frame),
                }))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => this.watch.poll_done(cx).map(|error| Some(Err(error))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
