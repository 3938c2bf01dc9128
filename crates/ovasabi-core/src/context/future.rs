//! The futures of the context layers.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::task::futures::TaskLocalFuture;

use super::{Cause, Context, ContextGuard, wire};
use crate::body::EndBody;
use crate::classify::Class;

pin_project! {
    /// The response future of [`ContextService`](super::ContextService). The context is the current one
    /// whenever the service inside is polled.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        // First, so that a hang-up is known before the work is dropped.
        guard: Option<ContextGuard>,
        #[pin]
        inner: TaskLocalFuture<Context, F>,
        echo: Option<HeaderValue>,
        is_head: bool,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(
        guard: ContextGuard,
        inner: TaskLocalFuture<Context, F>,
        echo: Option<HeaderValue>,
        is_head: bool,
    ) -> Self {
        Self {
            guard: Some(guard),
            inner,
            echo,
            is_head,
        }
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<http::Response<R>, E>>,
    R: Body,
{
    type Output = Result<http::Response<EndBody<R, ContextGuard, Class>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut polling = Polling(Some(&mut *this.guard));
        let polled = this.inner.poll(cx);
        polling.0 = None;
        drop(polling);
        let result = ready!(polled);
        let guard = this.guard.take();
        Poll::Ready(match result {
            Ok(mut response) => {
                if let Some(id) = this.echo.take() {
                    response
                        .headers_mut()
                        .entry(wire::X_REQUEST_ID)
                        .or_insert(id);
                }
                Ok(follow(response, guard, *this.is_head))
            }
            Err(error) => {
                if let Some(guard) = guard {
                    guard.cancel(Cause::Other("the service failed".into()));
                }
                Err(error)
            }
        })
    }
}

/// Cancels when a poll does not come back: whoever catches the panic drops the future later, when nothing tells
/// it from a hang-up.
struct Polling<'a>(Option<&'a mut Option<ContextGuard>>);

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        if let Some(guard) = self.0.take().and_then(Option::take) {
            guard.cancel(ContextGuard::panicked());
        }
    }
}

fn follow<R: Body>(
    response: http::Response<R>,
    guard: Option<ContextGuard>,
    is_head: bool,
) -> http::Response<EndBody<R, ContextGuard, Class>> {
    let Some(guard) = guard else {
        return response.map(EndBody::free);
    };
    let length = content_length(response.headers());
    let dropped = if is_head || has_no_body(response.status()) {
        Class::Success
    } else {
        Class::Ignored
    };
    response.map(|body| EndBody::held(body, guard, dropped, Class::Success).with_length(length))
}

/// Servers drop the body of such a response unread (RFC 9110 §6.4.1).
fn has_no_body(status: StatusCode) -> bool {
    status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

pin_project! {
    /// The response future of [`ContextClientService`](super::ContextClientService).
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct ClientFuture<F, T, E> {
        #[pin]
        state: State<F, T, E>,
    }
}

pin_project! {
    #[project = Projected]
    #[derive(Debug)]
    enum State<F, T, E> {
        Calling { #[pin] inner: F },
        Refused { answer: Option<Result<T, E>> },
    }
}

impl<F, T, E> ClientFuture<F, T, E> {
    pub(super) fn calling(inner: F) -> Self {
        Self {
            state: State::Calling { inner },
        }
    }

    pub(super) fn refused(answer: Result<T, E>) -> Self {
        Self {
            state: State::Refused {
                answer: Some(answer),
            },
        }
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Future for ClientFuture<F, T, E> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            Projected::Calling { inner } => inner.poll(cx),
            // Polled again after its answer it stays pending, as a future may.
            Projected::Refused { answer } => answer.take().map_or(Poll::Pending, Poll::Ready),
        }
    }
}
