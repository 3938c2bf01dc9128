//! The response futures.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ovasabi_core::classify::Facts;
use ovasabi_core::reject::Reject;
use pin_project_lite::pin_project;
use tower_service::Service;

pub use super::acquire::Acquire;
use super::headers::{Headers, WriteHeaders};

pin_project! {
    /// The future of a [`RateLimitService`](super::RateLimitService): that of the service inside, or a refusal.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F: Future, H: Headers> {
        #[pin]
        call: Call<F, H>,
    }
}

pin_project! {
    // A refusal is said in the call: what it needs to be said later is larger than most answers, and would be
    // moved with every admission.
    #[project = CallProj]
    enum Call<F: Future, H: Headers> {
        Admitted { #[pin] response: F, note: H::Note },
        Refused { answer: Option<F::Output> },
    }
}

impl<F: Future, H: Headers> ResponseFuture<F, H> {
    #[inline(always)]
    pub(super) fn admitted(response: F, note: H::Note) -> Self {
        Self {
            call: Call::Admitted { response, note },
        }
    }

    #[inline(always)]
    pub(super) fn refused(answer: F::Output) -> Self {
        Self {
            call: Call::Refused {
                answer: Some(answer),
            },
        }
    }
}

impl<F, H, Res, Err> Future for ResponseFuture<F, H>
where
    F: Future<Output = Result<Res, Err>>,
    H: WriteHeaders<Res>,
{
    type Output = Result<Res, Err>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().call.project() {
            CallProj::Admitted { response, note } => {
                let result = ready!(response.poll(cx));
                Poll::Ready(result.map(|response| H::write(note, response)))
            }
            // A future that is polled after its end has nothing more to say.
            CallProj::Refused { answer } => answer.take().map_or(Poll::Pending, Poll::Ready),
        }
    }
}

pin_project! {
    /// The future of a [`RateLimitService`](super::RateLimitService) whose requests wait for their turn.
    ///
    /// # Cancel safety
    /// Dropped while it waits, it gives its units back; see [`Acquire`].
    #[must_use = "futures do nothing unless polled"]
    pub struct WaitingFuture<S: Service<Req>, Req, R, H: Headers> {
        #[pin]
        step: Step<S::Future>,
        inner: S,
        request: Option<Req>,
        facts: Facts,
        reject: R,
        policy: Option<H::Policy>,
        note: Option<H::Note>,
    }
}

pin_project! {
    #[project = StepProj]
    enum Step<F> {
        Waiting { #[pin] acquire: Acquire },
        Admitted,
        Called { #[pin] response: F },
    }
}

impl<S: Service<Req>, Req, R, H: Headers> WaitingFuture<S, Req, R, H> {
    pub(super) fn new(
        acquire: Acquire,
        inner: S,
        request: Req,
        facts: Facts,
        reject: R,
        policy: H::Policy,
    ) -> Self {
        Self {
            step: Step::Waiting { acquire },
            inner,
            request: Some(request),
            facts,
            reject,
            policy: Some(policy),
            note: None,
        }
    }
}

impl<S, Req, R, H> Future for WaitingFuture<S, Req, R, H>
where
    S: Service<Req>,
    R: Reject<S::Response, S::Error>,
    H: WriteHeaders<S::Response>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.step.as_mut().project() {
                // Waiting → Admitted, or the end.
                StepProj::Waiting { acquire } => {
                    let outcome = ready!(acquire.poll_outcome(cx));
                    let policy = this.policy.take();
                    let note = |standing| policy.map(|policy| H::note(policy, standing));
                    match outcome {
                        Ok(standing) => {
                            *this.note = note(standing);
                            this.step.set(Step::Admitted);
                        }
                        Err((rejection, standing)) => {
                            let result = this.reject.reject(this.facts, rejection);
                            return Poll::Ready(write::<H, _, _>(&mut note(standing), result));
                        }
                    }
                }
                // Admitted → Called, once the service inside is ready.
                StepProj::Admitted => {
                    ready!(this.inner.poll_ready(cx))?;
                    let Some(request) = this.request.take() else {
                        return Poll::Pending;
                    };
                    let response = this.inner.call(request);
                    this.step.set(Step::Called { response });
                }
                StepProj::Called { response } => {
                    let result = ready!(response.poll(cx));
                    return Poll::Ready(write::<H, _, _>(this.note, result));
                }
            }
        }
    }
}

/// Tells the client where it stands, where there is an answer to write it into.
#[inline]
fn write<H: WriteHeaders<Res>, Res, Err>(
    note: &mut Option<H::Note>,
    result: Result<Res, Err>,
) -> Result<Res, Err> {
    match (result, note) {
        (Ok(response), Some(note)) => Ok(H::write(note, response)),
        (result, _) => result,
    }
}

impl<F: Future, H: Headers> fmt::Debug for ResponseFuture<F, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_refused = matches!(self.call, Call::Refused { .. });
        f.debug_struct("ResponseFuture")
            .field("is_refused", &is_refused)
            .finish_non_exhaustive()
    }
}

impl<S: Service<Req>, Req, R, H: Headers> fmt::Debug for WaitingFuture<S, Req, R, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_waiting = matches!(self.step, Step::Waiting { .. });
        f.debug_struct("WaitingFuture")
            .field("is_waiting", &is_waiting)
            .finish_non_exhaustive()
    }
}
