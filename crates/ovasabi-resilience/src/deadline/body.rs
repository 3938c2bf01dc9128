//! Bodies that may not take for ever.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use ovasabi_core::error::BoxError;
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::shared::Shared;
use super::ticket::{Due, Limit, Ticket};
use super::timer::Timer;
use super::totals::Part;

pin_project! {
    /// A response body that is watched: it breaks off with an error when its time is up, after what was inside
    /// has been dropped.
    ///
    /// [`Rejection::find`](ovasabi_core::Rejection::find) recognises that error; those of the body inside are
    /// passed on, boxed. Frames, trailers, size hint and end-of-stream are those of the body inside. No timer
    /// is made before the body first has nothing to give.
    pub struct DeadlineBody<B> {
        // `None` once it was cut off.
        #[pin]
        inner: Option<B>,
        #[pin]
        timer: Timer,
        watch: Option<Watch>,
    }
}

/// What a layer knows of a response whose body it [follows](super::Follow).
pub struct Watch {
    shared: Shared,
    /// The call's own time, if it goes on to the end of the body.
    total: Option<Ticket>,
    /// Since when somebody has been waiting for the next frame.
    waiting: Option<Instant>,
}

impl<B> DeadlineBody<B> {
    /// A body that is not watched.
    pub fn free(inner: B) -> Self {
        Self {
            inner: Some(inner),
            timer: Timer::default(),
            watch: None,
        }
    }

    /// The body inside; `None` once it was cut off.
    #[must_use]
    pub fn get_ref(&self) -> Option<&B> {
        self.inner.as_ref()
    }
}

impl<B: Body> DeadlineBody<B> {
    pub(crate) fn watched(inner: B, watch: Option<Watch>) -> Self {
        // One that has already ended, as an empty one has, keeps nothing alive.
        let watch = watch.filter(|_| !inner.is_end_stream());
        Self {
            inner: Some(inner),
            timer: Timer::default(),
            watch,
        }
    }
}

impl Watch {
    #[inline]
    pub(crate) fn new(shared: Shared, ticket: Ticket) -> Self {
        Self {
            shared,
            total: Some(ticket),
            waiting: None,
        }
    }

    /// The body has all the time that it wants, as long as it moves.
    pub(super) fn idle_only(mut self) -> Self {
        self.total = None;
        self
    }

    /// A frame came, and there are more to come. A body that always has one would never be stopped otherwise.
    fn overdue(&mut self) -> Option<Limit> {
        self.waiting = None;
        let total = self.total.as_mut().filter(|total| total.is_limited())?;
        let now = Instant::now();
        let due = total.due(|| now)?;
        (due.at <= now).then_some(due.by)
    }

    /// No frame came: until when that may be so.
    fn due(&mut self) -> Option<Due> {
        let idle = self.shared.body_idle().and_then(|idle| {
            let since = *self.waiting.get_or_insert_with(Instant::now);
            let at = since.checked_add(idle)?;
            let by = Limit::Idle;
            Some(Due { at, by })
        });
        match self
            .total
            .as_mut()
            .and_then(|total| total.due(Instant::now))
        {
            Some(total) => Some(total.or_earlier(idle)),
            None => idle,
        }
    }
}

impl<B> Body for DeadlineBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let mut this = self.project();
        let Some(mut inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let polled = inner.as_mut().poll_frame(cx);
        let is_over = match &polled {
            Poll::Ready(Some(Ok(frame))) => frame.is_trailers() || inner.is_end_stream(),
            Poll::Ready(_) => true,
            Poll::Pending => false,
        };
        if is_over {
            *this.watch = None;
        }
        let Some(watch) = this.watch else {
            return polled.map_err(Into::into);
        };
        let by = match polled {
            Poll::Pending => ready!(this.timer.as_mut().poll_due(watch.due(), cx)),
            Poll::Ready(frame) => match watch.overdue() {
                None => return Poll::Ready(frame.map(|frame| frame.map_err(Into::into))),
                Some(by) => by,
            },
        };
        let rejection = watch.shared.cut_off(Part::Body, by);
        // The work stops before anybody hears that it has.
        this.inner.set(None);
        this.timer.set(Timer::default());
        *this.watch = None;
        Poll::Ready(Some(Err(rejection.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// Outer layers reject with a body of their own, which nobody watches.
impl<B: From<Bytes>> From<Bytes> for DeadlineBody<B> {
    fn from(bytes: Bytes) -> Self {
        Self::free(B::from(bytes))
    }
}

/// Outer gRPC layers reject with an empty body.
impl<B: Default> Default for DeadlineBody<B> {
    fn default() -> Self {
        Self::free(B::default())
    }
}

impl<B: fmt::Debug> fmt::Debug for DeadlineBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadlineBody")
            .field("inner", &self.inner)
            .field("is_watched", &self.watch.is_some())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("total", &self.total)
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}
