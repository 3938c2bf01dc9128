//! A body that knows when it ends.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::Rejection;
use crate::admit::Settle;
use crate::classify::{Class, EndClassify, Verdict};

pin_project! {
    /// A response body with a permit in it, which settles exactly once: at the end, at the trailers, at an
    /// error, or on drop. Frames, size hint and end-of-stream are those of the body inside.
    pub struct EndBody<B, P: Settle, E: EndClassify> {
        #[pin]
        inner: B,
        held: Held<P, E>,
        // What is left of the promised length, where there is one.
        left: Option<u64>,
    }
}

impl<B, P: Settle, E: EndClassify> EndBody<B, P, E> {
    /// A body without a permit.
    pub fn free(inner: B) -> Self {
        Self {
            inner,
            held: Held(None),
            left: None,
        }
    }

    /// Whether the permit is still held.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held.0.is_some()
    }

    /// The body inside.
    #[must_use]
    pub fn get_ref(&self) -> &B {
        &self.inner
    }
}

impl<B: Body, P: Settle, E: EndClassify> EndBody<B, P, E> {
    /// A body with a permit. One that has already ended, as an empty one has, settles at once.
    pub fn held(inner: B, permit: P, dropped: Class, end: E) -> Self {
        let mut held = Held(Some((permit, dropped, end)));
        if inner.is_end_stream() {
            held.settle(|end| end.at_end(None));
        }
        Self {
            inner,
            held,
            left: None,
        }
    }

    /// With the `Content-Length` that the head promises. Once that many bytes have passed, a drop is the end:
    /// servers drop a body there without asking it for more, and one of length 0 without asking it at all.
    #[must_use]
    pub fn with_length(mut self, length: Option<u64>) -> Self {
        self.left = length;
        if length == Some(0) {
            self.held.expect_no_more();
        }
        self
    }
}

impl<B, P, E> Body for EndBody<B, P, E>
where
    B: Body<Error: 'static>,
    P: Settle,
    E: EndClassify,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        let mut polling = Polling(Some(&mut *this.held));
        let polled = this.inner.as_mut().poll_frame(cx);
        polling.0 = None;
        drop(polling);
        let frame = ready!(polled);
        match &frame {
            None => this.held.settle(|end| end.at_end(None)),
            // One of our layers may have broken it off, which says no more of the service than its refusals do.
            Some(Err(error)) => this.held.settle(|end| match Rejection::find(error) {
                Some(rejection) => Verdict::of_rejection(rejection).class,
                None => end.at_error(),
            }),
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    this.held.settle(|end| end.at_end(Some(trailers)));
                } else if this.inner.is_end_stream() {
                    // Consumers may stop polling here: hyper does, when the length is known.
                    this.held.settle(|end| end.at_end(None));
                } else if let (Some(left), Some(data)) = (this.left.as_mut(), frame.data_ref()) {
                    *left =
                        left.saturating_sub(u64::try_from(data.remaining()).unwrap_or(u64::MAX));
                    if *left == 0 {
                        this.held.expect_no_more();
                    }
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

/// Outer layers reject with a body of their own, which holds nothing.
impl<B: From<Bytes>, P: Settle, E: EndClassify> From<Bytes> for EndBody<B, P, E> {
    fn from(bytes: Bytes) -> Self {
        Self::free(B::from(bytes))
    }
}

/// Outer gRPC layers reject with an empty body.
impl<B: Default, P: Settle, E: EndClassify> Default for EndBody<B, P, E> {
    fn default() -> Self {
        Self::free(B::default())
    }
}

impl<B: fmt::Debug, P: Settle, E: EndClassify> fmt::Debug for EndBody<B, P, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndBody")
            .field("inner", &self.inner)
            .field("held", &self.is_held())
            .finish()
    }
}

/// Its own type, so that dropping the body settles without a `Drop` on the pinned struct.
struct Held<P: Settle, E: EndClassify>(Option<(P, Class, E)>);

impl<P: Settle, E: EndClassify> Held<P, E> {
    fn settle(&mut self, class: impl FnOnce(&E) -> Class) {
        let Some((_, _, end)) = &self.0 else { return };
        // Asked before the permit is taken: who reads the end may panic, and the permit is then settled on drop.
        let class = class(end);
        if let Some((permit, ..)) = self.0.take() {
            permit.settle(class);
        }
    }

    fn expect_no_more(&mut self) {
        if let Some((_, dropped, end)) = &mut self.0 {
            *dropped = end.at_end(None);
        }
    }
}

/// Settles when a poll does not come back: whoever catches the panic drops the body later, when nothing tells it
/// from any other drop.
struct Polling<'a, P: Settle, E: EndClassify>(Option<&'a mut Held<P, E>>);

impl<P: Settle, E: EndClassify> Drop for Polling<'_, P, E> {
    fn drop(&mut self) {
        if let Some(held) = self.0.take() {
            held.settle(|_| Class::Failure);
        }
    }
}

impl<P: Settle, E: EndClassify> Drop for Held<P, E> {
    fn drop(&mut self) {
        if let Some((permit, dropped, _)) = self.0.take() {
            // Even when the thread panics: whatever takes the body with it is not what the permit was for.
            permit.settle(dropped);
        }
    }
}
