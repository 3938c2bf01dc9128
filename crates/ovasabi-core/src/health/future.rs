//! The future of [`HealthService`](super::HealthService).

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;

/// The answer to a probe. Boxed: checks are trait objects anyway, and probes are rare.
#[must_use = "futures do nothing unless they are awaited"]
pub struct ResponseFuture(Pin<Box<dyn Future<Output = Response<String>> + Send>>);

impl ResponseFuture {
    pub(super) fn new(answer: impl Future<Output = Response<String>> + Send + 'static) -> Self {
        Self(Box::pin(answer))
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<String>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
