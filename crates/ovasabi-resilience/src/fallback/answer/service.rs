//! What another service says.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::{Answer, Given};
use crate::fallback::Cause;

/// Asks another service; see [`Fallback::service`](crate::fallback::Fallback::service).
///
/// Each call has a clone of it, which is asked whether it is ready when it is needed, and not before.
#[derive(Clone, Copy)]
pub struct OtherService<S>(pub(in crate::fallback) S);

#[diagnostic::do_not_recommend]
impl<K, Res, Err, S> Answer<K, Res, Err> for OtherService<S>
where
    S: Service<K, Response = Res, Error = Err> + Clone,
{
    type Future = Asked<S, K, S::Future>;

    fn answer(&self, kept: K, _cause: Cause) -> Self::Future {
        Asked {
            state: State::Waiting {
                service: self.0.clone(),
                request: Some(kept),
            },
        }
    }
}

pin_project! {
    /// The future of an [`OtherService`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Asked<S, Req, F> {
        #[pin]
        state: State<S, Req, F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, Req, F> {
        Waiting { service: S, request: Option<Req> },
        Called { #[pin] response: F },
    }
}

impl<S, Req> Future for Asked<S, Req, S::Future>
where
    S: Service<Req>,
{
    type Output = Given<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Waiting { service, request } => {
                    if let Err(error) = ready!(service.poll_ready(cx)) {
                        return Poll::Ready(Given::Failed(error));
                    }
                    let request = request.take().expect(POLLED_AGAIN);
                    let response = service.call(request);
                    state.set(State::Called { response });
                }
                StateProj::Called { response } => {
                    return response.poll(cx).map(|result| match result {
                        Ok(response) => Given::Served(response),
                        Err(error) => Given::Failed(error),
                    });
                }
            }
        }
    }
}

/// The contract of `Future`, which callers must keep.
const POLLED_AGAIN: &str = "a future is not polled after it was ready";

impl<S, Req, F> fmt::Debug for Asked<S, Req, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for OtherService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OtherService")
    }
}
