//! The future of a request that gets a token.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderValue, Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::sent::Sent;
use super::{TokenError, TokenSource};

pin_project! {
    /// The future of [`BearerService`](super::BearerService).
    ///
    /// # Cancel safety
    /// Dropped while it waits for a token, the question goes on, for whoever comes next.
    #[must_use = "futures do nothing unless polled"]
    pub struct BearerFuture<S, ReqBody>
    where
        S: Service<Request<ReqBody>>,
    {
        #[pin]
        state: State<S::Future, S, ReqBody>,
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<HeaderValue, TokenError>> + Send>>;

pin_project! {
    #[project = StateProjection]
    enum State<F, S, ReqBody> {
        Waiting { waiting: Option<Box<Waiting<S, ReqBody>>> },
        Calling { #[pin] response: F, sent: Option<Sent> },
        Failed { error: Option<TokenError> },
    }
}

/// What waits for a token: out of line, for it is rare.
struct Waiting<S, ReqBody> {
    answer: Answer,
    source: TokenSource,
    inner: S,
    request: Request<ReqBody>,
}

impl<S: Service<Request<ReqBody>>, ReqBody> BearerFuture<S, ReqBody> {
    pub(super) fn calling(response: S::Future, sent: Option<Sent>) -> Self {
        Self {
            state: State::Calling { response, sent },
        }
    }

    #[cold]
    pub(super) fn failed(error: TokenError) -> Self {
        Self {
            state: State::Failed { error: Some(error) },
        }
    }

    #[cold]
    pub(super) fn waiting(source: TokenSource, inner: S, request: Request<ReqBody>) -> Self {
        let asked = source.clone();
        let waiting = Box::new(Waiting {
            answer: Box::pin(async move { asked.authorization().await }),
            source,
            inner,
            request,
        });
        Self {
            state: State::Waiting {
                waiting: Some(waiting),
            },
        }
    }
}

impl<S, ReqBody, ResBody> Future for BearerFuture<S, ReqBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    S::Error: From<TokenError>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let waiting = match state.as_mut().project() {
                StateProjection::Calling { response, sent } => {
                    let result = ready!(response.poll(cx));
                    if let (Ok(response), Some(sent)) = (&result, sent.take()) {
                        sent.answered(response);
                    }
                    return Poll::Ready(result);
                }
                StateProjection::Failed { error } => {
                    return match error.take() {
                        Some(error) => Poll::Ready(Err(error.into())),
                        None => Poll::Pending,
                    };
                }
                StateProjection::Waiting { waiting } => waiting,
            };
            let Some(asking) = waiting.as_mut() else {
                return Poll::Pending;
            };
            let token = ready!(asking.answer.as_mut().poll(cx));
            let Some(waited) = waiting.take() else {
                return Poll::Pending;
            };
            let Waiting {
                source,
                mut inner,
                mut request,
                ..
            } = *waited;
            let sent = Some(Sent::put(&source, token?, &mut request)?);
            let response = inner.call(request);
            state.set(State::Calling { response, sent });
        }
    }
}

impl<S: Service<Request<ReqBody>>, ReqBody> fmt::Debug for BearerFuture<S, ReqBody> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerFuture")
            .field("waiting", &matches!(self.state, State::Waiting { .. }))
            .finish_non_exhaustive()
    }
}
