//! The future of a request whose credential is looked at.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::gate::{Ask, Gate};
use super::service::{pass, refuse};
use crate::answer::{self, Answer};
use crate::future::ResponseFuture;

pin_project! {
    /// The future of [`AuthService`](super::AuthService).
    ///
    /// # Cancel safety
    /// Dropped while somebody is asked about the credential, it is as if the request had not come; what was asked may
    /// be answered all the same, for others who ask the same.
    #[must_use = "futures do nothing unless polled"]
    pub struct AuthFuture<S, ReqBody, ResBody, R>
    where
        S: Service<Request<ReqBody>>,
    {
        #[pin]
        state: State<S::Future, S, ReqBody, ResBody, R>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, S, ReqBody, ResBody, R> {
        Decided { #[pin] response: ResponseFuture<F, ResBody> },
        Asking { asking: Option<Box<Asking<S, ReqBody, R>>> },
    }
}

/// What waits for an answer: out of line, for it is rare.
struct Asking<S, ReqBody, R> {
    ask: Ask,
    place: usize,
    inner: S,
    request: Request<ReqBody>,
    gate: Arc<Gate>,
    answer: R,
}

impl<S, ReqBody, ResBody, R> AuthFuture<S, ReqBody, ResBody, R>
where
    S: Service<Request<ReqBody>>,
{
    pub(super) fn decided(response: ResponseFuture<S::Future, ResBody>) -> Self {
        Self {
            state: State::Decided { response },
        }
    }

    #[cold]
    pub(super) fn asking(
        ask: Ask,
        place: usize,
        (inner, request): (S, Request<ReqBody>),
        gate: Arc<Gate>,
        answer: R,
    ) -> Self {
        let asking = Box::new(Asking {
            ask,
            place,
            inner,
            request,
            gate,
            answer,
        });
        Self {
            state: State::Asking {
                asking: Some(asking),
            },
        }
    }
}

impl<S, ReqBody, ResBody, R> Future for AuthFuture<S, ReqBody, ResBody, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: Answer<ResBody>,
{
    type Output = Result<Response<ResBody>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let asking = match state.as_mut().project() {
                StateProjection::Decided { response } => return response.poll(cx),
                StateProjection::Asking { asking } => asking,
            };
            let Some(waiting) = asking.as_mut() else {
                return Poll::Pending;
            };
            let answered = ready!(waiting.ask.as_mut().poll(cx));
            if let Some(asked) = asking.take() {
                let response = asked.decide(answered);
                state.set(State::Decided { response });
            }
        }
    }
}

impl<S, ReqBody, R> Asking<S, ReqBody, R> {
    fn decide<ResBody>(
        mut self,
        answered: Result<crate::Principal, super::Denied>,
    ) -> ResponseFuture<S::Future, ResBody>
    where
        S: Service<Request<ReqBody>, Response = Response<ResBody>>,
        R: Answer<ResBody>,
    {
        match answered {
            Ok(principal) => {
                let context = self.gate.accept(&mut self.request, principal);
                pass(&mut self.inner, self.request, context)
            }
            Err(denied) => {
                let (reason, refusal) = self.gate.refuse(self.place, denied);
                let is_grpc = answer::is_grpc(self.request.headers());
                refuse(&self.answer, reason, &refusal, is_grpc)
            }
        }
    }
}

impl<S, ReqBody, ResBody, R> fmt::Debug for AuthFuture<S, ReqBody, ResBody, R>
where
    S: Service<Request<ReqBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthFuture")
            .field("asking", &matches!(self.state, State::Asking { .. }))
            .finish_non_exhaustive()
    }
}
