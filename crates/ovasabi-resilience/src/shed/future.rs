//! The future of a call that may be shed.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ovasabi_core::Rejection;
use ovasabi_core::body::Hold;
use ovasabi_core::classify::{Class, Classify, Facts};
use ovasabi_core::reject::Reject;
use pin_project_lite::pin_project;

use super::Policy;
pub use super::permit::Held;
use super::permit::Inside;

pin_project! {
    /// The future of [`ShedService`](super::ShedService).
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the call is no longer under way, and says nothing about the service.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, P, C, R, H>
    where
        P: Policy,
    {
        #[pin]
        call: Call<F, P, C, R>,
        facts: Facts,
        hold: H,
    }
}

pin_project! {
    #[project = CallProj]
    enum Call<F, P, C, R>
    where
        P: Policy,
    {
        Admitted { #[pin] response: F, held: Option<Held<P>>, classifier: C },
        Refused { rejection: Option<Rejection>, rejecter: R },
    }

    impl<F, P, C, R> PinnedDrop for Call<F, P, C, R>
    where
        P: Policy,
    {
        fn drop(this: Pin<&mut Self>) {
            // A drop is neutral, even when the thread panics: the service has done nothing wrong.
            if let CallProj::Admitted { held, .. } = this.project()
                && let Some(held) = held.take()
            {
                held.settle_apart(Class::Ignored);
            }
        }
    }
}

impl<F, P: Policy, C, R, H> ResponseFuture<F, P, C, R, H> {
    #[inline(always)]
    pub(super) fn admitted(
        held: Held<P>,
        call: impl FnOnce() -> F,
        facts: Facts,
        classifier: C,
        hold: H,
    ) -> Self {
        let mut held = Some(held);
        let inside = Inside::new(&mut held);
        let response = call();
        inside.over();
        Self {
            call: Call::Admitted {
                response,
                held,
                classifier,
            },
            facts,
            hold,
        }
    }

    pub(super) fn refused(rejection: Rejection, facts: Facts, rejecter: R, hold: H) -> Self {
        Self {
            call: Call::Refused {
                rejection: Some(rejection),
                rejecter,
            },
            facts,
            hold,
        }
    }
}

impl<F, P, C, R, H, Res, Err> Future for ResponseFuture<F, P, C, R, H>
where
    F: Future<Output = Result<Res, Err>>,
    P: Policy,
    C: Classify<Res, Err>,
    R: Reject<Res, Err>,
    H: Hold<Res, Held<P>, C::End>,
{
    type Output = Result<H::Response, Err>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.call.project() {
            CallProj::Admitted {
                response,
                held,
                classifier,
            } => {
                let inside = Inside::new(held);
                let polled = response.poll(cx);
                inside.over();
                let result = ready!(polled);
                let seen = classifier.seen(this.facts, result.as_ref());
                let held = held.take().expect(POLLED_AGAIN);
                Poll::Ready(match result {
                    Ok(response) => {
                        Ok(this.hold.hold(response, held, seen.verdict.class, seen.end))
                    }
                    Err(error) => {
                        held.settle_apart(seen.verdict.class);
                        Err(error)
                    }
                })
            }
            CallProj::Refused {
                rejection,
                rejecter,
            } => {
                let rejection = rejection.take().expect(POLLED_AGAIN);
                Poll::Ready(
                    rejecter
                        .reject(this.facts, rejection)
                        .map(|response| this.hold.free(response)),
                )
            }
        }
    }
}

/// The contract of `Future`, which callers must keep.
const POLLED_AGAIN: &str = "a future is not polled after it was ready";

impl<F, P: Policy, C, R, H> fmt::Debug for ResponseFuture<F, P, C, R, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_refused = matches!(self.call, Call::Refused { .. });
        f.debug_struct("ResponseFuture")
            .field("is_refused", &is_refused)
            .finish_non_exhaustive()
    }
}
