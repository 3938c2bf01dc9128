//! The response future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ovasabi_core::body::Hold;
use ovasabi_core::classify::{Classify, Facts};
use pin_project_lite::pin_project;

use super::Permit;

pin_project! {
    /// The future of [`ConcurrencyLimitService`](super::ConcurrencyLimitService). Dropping it frees the slot.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, Res, Err, C, H> {
        #[pin]
        state: State<F, Res, Err, C, H>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, Res, Err, C, H> {
        Admitted { #[pin] inner: F, permit: Option<Permit>, facts: Facts, classify: C, hold: H },
        Refused { answer: Option<Result<Res, Err>> },
    }
}

impl<F, Res, Err, C, H> ResponseFuture<F, Res, Err, C, H> {
    pub(super) fn admitted(inner: F, permit: Permit, facts: Facts, classify: C, hold: H) -> Self {
        Self {
            state: State::Admitted {
                inner,
                permit: Some(permit),
                facts,
                classify,
                hold,
            },
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

impl<F, S, Err, C, H> Future for ResponseFuture<F, H::Response, Err, C, H>
where
    F: Future<Output = Result<S, Err>>,
    C: Classify<S, Err>,
    H: Hold<S, Permit, C::End>,
{
    type Output = Result<H::Response, Err>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Admitted {
                inner,
                permit,
                facts,
                classify,
                hold,
            } => {
                let result = ready!(inner.poll(cx));
                let permit = permit.take();
                Poll::Ready(result.map(|response| match permit {
                    Some(permit) => {
                        let seen = classify.seen(facts, Ok(&response));
                        hold.hold(response, permit, seen.verdict.class, seen.end)
                    }
                    None => hold.free(response),
                }))
            }
            // A future that is polled after its end has nothing more to say.
            StateProj::Refused { answer } => answer.take().map_or(Poll::Pending, Poll::Ready),
        }
    }
}

impl<F, Res, Err, C, H> fmt::Debug for ResponseFuture<F, Res, Err, C, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
