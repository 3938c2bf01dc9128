//! A response body that may have been replaced by a problem.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::error::BoxError;

pin_project! {
    /// The body of a service's own answer, or the problem that stands in for it.
    #[derive(Debug)]
    #[project = AnswerProjection]
    pub struct AnswerBody<B> {
        #[pin]
        inner: Answer<B>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = Projection]
    enum Answer<B> {
        Own { #[pin] body: B },
        Problem { text: Option<Bytes> },
    }
}

impl<B> AnswerBody<B> {
    /// The service's own body.
    pub const fn own(body: B) -> Self {
        Self {
            inner: Answer::Own { body },
        }
    }
}

impl<B> From<Bytes> for AnswerBody<B> {
    fn from(text: Bytes) -> Self {
        let text = (!text.is_empty()).then_some(text);
        Self {
            inner: Answer::Problem { text },
        }
    }
}

impl<B> Default for AnswerBody<B> {
    fn default() -> Self {
        Self::from(Bytes::new())
    }
}

impl<B> Body for AnswerBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.project().inner.project() {
            Projection::Own { body } => {
                Poll::Ready(ready!(body.poll_frame(cx)).map(|frame| frame.map_err(Into::into)))
            }
            Projection::Problem { text } => {
                Poll::Ready(text.take().map(|text| Ok(Frame::data(text))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Answer::Own { body } => body.is_end_stream(),
            Answer::Problem { text } => text.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Answer::Own { body } => body.size_hint(),
            Answer::Problem { text } => {
                SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64))
            }
        }
    }
}
