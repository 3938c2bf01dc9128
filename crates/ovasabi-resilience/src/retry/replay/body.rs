//! The body of an attempt.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use ovasabi_core::error::BoxError;

use super::record::{Reader, Record, lock};

/// The body of a request that may be sent again; made by [`BufferedBody`](super::BufferedBody).
///
/// Data, trailers and size hint are those of the body inside. Only the body of the latest attempt can read.
pub struct ReplayBody<B>(Source<B>);

enum Source<B> {
    Empty,
    /// No attempt follows.
    Once(B),
    Recorded {
        record: Arc<Mutex<Record<B>>>,
        reader: Reader,
    },
}

/// A retry has taken over while an earlier attempt was still reading the body: why that attempt's body fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a retry has taken over this request")]
pub struct Superseded;

impl<B> ReplayBody<B> {
    pub(super) const fn empty() -> Self {
        Self(Source::Empty)
    }

    pub(super) const fn once(body: B) -> Self {
        Self(Source::Once(body))
    }

    pub(super) const fn first(record: Arc<Mutex<Record<B>>>) -> Self {
        let reader = Reader::FIRST;
        Self(Source::Recorded { record, reader })
    }

    /// Takes over from the body of the attempt before, if what that one has read is still there.
    pub(super) fn again(record: Arc<Mutex<Record<B>>>) -> Option<Self> {
        let (reader, waiting) = lock(&record).take_over()?;
        // Its task would else wait for ever for a body that is read by another.
        if let Some(waiting) = waiting {
            waiting.wake();
        }
        Some(Self(Source::Recorded { record, reader }))
    }
}

impl<B> Body for ReplayBody<B>
where
    B: Body<Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Source::Empty => Poll::Ready(None),
            Source::Once(body) => Pin::new(body).poll_frame(cx).map(|frame| {
                frame.map(|frame| {
                    frame
                        .map(|frame| frame.map_data(to_bytes))
                        .map_err(Into::into)
                })
            }),
            Source::Recorded { record, reader } => {
                // When this is the last to know of it, no attempt can follow, and nothing has to be kept.
                let is_last = Arc::strong_count(record) == 1;
                lock(record).poll_frame(reader, is_last, cx)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Empty => true,
            Source::Once(body) => body.is_end_stream(),
            Source::Recorded { record, reader } => lock(record).is_end_stream(*reader),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Empty => SizeHint::with_exact(0),
            Source::Once(body) => body.size_hint(),
            Source::Recorded { record, reader } => lock(record).size_hint(*reader),
        }
    }
}

pub(super) fn to_bytes(mut data: impl Buf) -> Bytes {
    data.copy_to_bytes(data.remaining())
}

impl<B> fmt::Debug for ReplayBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Source::Empty => "empty",
            Source::Once(_) => "once",
            Source::Recorded { .. } => "recorded",
        };
        f.debug_tuple("ReplayBody").field(&kind).finish()
    }
}
