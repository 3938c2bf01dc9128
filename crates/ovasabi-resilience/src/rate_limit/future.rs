//! The response future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    /// The future of [`RateLimitService`](super::RateLimitService): that of the service inside, or a refusal.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, Res, Err> {
        #[pin]
        state: State<F, Res, Err>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, Res, Err> {
        Admitted { #[pin] inner: F },
        Refused { answer: Option<Result<Res, Err>> },
    }
}

impl<F, Res, Err> ResponseFuture<F, Res, Err> {
    pub(super) fn admitted(inner: F) -> Self {
        Self {
            state: State::Admitted { inner },
        }
    }

    pub(super) fn refused(answer: Result<Res, Err>) -> Self {
        Self {
            state: State::Refused {
                answer: Some(answer),
            },
        }
    }
}

impl<F, Res, Err> Future for ResponseFuture<F, Res, Err>
where
    F: Future<Output = Result<Res, Err>>,
{
    type Output = Result<Res, Err>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Admitted { inner } => inner.poll(cx),
            // A future that is polled after its end has nothing more to say.
            StateProj::Refused { answer } => answer.take().map_or(Poll::Pending, Poll::Ready),
        }
    }
}

impl<F, Res, Err> fmt::Debug for ResponseFuture<F, Res, Err> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
