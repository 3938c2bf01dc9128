//! The future of this crate's services.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use http::Response;
use ovasabi_core::Context;
use pin_project_lite::pin_project;

pin_project! {
    /// Answers with what the inner service answers, or with the refusal that is ready already.
    ///
    /// # Panics
    /// When it is polled again after it was ready with a refusal.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, B> {
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F, B> {
        Passed { #[pin] inner: F, context: Option<Context> },
        Refused { response: Option<Response<B>> },
    }
}

impl<F, B> ResponseFuture<F, B> {
    /// `context` is the current one whenever `inner` is polled.
    pub(crate) fn passed(inner: F, context: Option<Context>) -> Self {
        Self {
            state: State::Passed { inner, context },
        }
    }

    pub(crate) fn refused(response: Response<B>) -> Self {
        Self {
            state: State::Refused {
                response: Some(response),
            },
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Passed {
                inner,
                context: None,
            } => inner.poll(cx),
            StateProjection::Passed {
                inner,
                context: Some(context),
            } => context.scope_sync(|| inner.poll(cx)),
            StateProjection::Refused { response } => {
                Poll::Ready(Ok(response.take().expect("not polled after it was ready")))
            }
        }
    }
}
