//! The body of an answer, which settles its request at the last byte.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::flight::InFlight;
use super::state::add_one;
use crate::error::BoxError;
use crate::http::AnswerBody;

pin_project! {
    pub(super) struct ReplyBody<B> {
        #[pin]
        inner: AnswerBody<B>,
        in_flight: Option<InFlight>,
        // What is left of a body whose length is known, by itself or by its head: hyper stops polling when
        // it has written that, and calls a body that ends before broken.
        left: Option<u64>,
    }
}

impl<B> ReplyBody<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    pub(super) fn new(
        inner: AnswerBody<B>,
        mut in_flight: Option<InFlight>,
        has_body: bool,
        announced: Option<u64>,
    ) -> Self {
        // As hyper has it: what the body says of itself goes before what its head says.
        let left = inner.size_hint().exact().or(announced);
        if !has_body || inner.is_end_stream() || left == Some(0) {
            settle(&mut in_flight);
        }
        Self {
            inner,
            in_flight,
            left,
        }
    }
}

impl<B> Body for ReplyBody<B>
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
        let mut this = self.project();
        // A panic in a body breaks its own answer, not the connection's task.
        let caught = catch_unwind(AssertUnwindSafe(|| this.inner.as_mut().poll_frame(cx)));
        let frame = match caught {
            Ok(poll) => ready!(poll),
            Err(_) => {
                if let Some(one) = this.in_flight {
                    add_one(&one.conn().state.counters.panics);
                }
                tracing::error!(target: "ovasabi::http::server", "a response body panicked");
                return Poll::Ready(Some(Err("the response body panicked".into())));
            }
        };
        match &frame {
            None if this.left.is_none_or(|left| left == 0) => settle(this.in_flight),
            // Too short, whatever the client makes of it.
            None => {}
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
                *this.left = this.left.map(|left| left.saturating_sub(bytes));
                if frame.is_trailers() || *this.left == Some(0) || this.inner.is_end_stream() {
                    settle(this.in_flight);
                }
            }
            Some(Err(_)) => {}
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

fn settle(in_flight: &mut Option<InFlight>) {
    if let Some(mut one) = in_flight.take() {
        one.answered();
    }
}
