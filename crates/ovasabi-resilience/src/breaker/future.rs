//! The future of a call behind a breaker.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ovasabi_core::Rejection;
use ovasabi_core::body::Hold;
use ovasabi_core::classify::{Class, Classify, Facts, Verdict};
use ovasabi_core::reject::Reject;
use pin_project_lite::pin_project;

pub use super::permit::Held;
use super::permit::Inside;

pin_project! {
    /// The future of [`CircuitBreakerService`](super::CircuitBreakerService).
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the call counts for nothing, and the slot of a probe is free again.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, C, R, H> {
        #[pin]
        call: Call<F, C, R>,
        facts: Facts,
        hold: H,
    }
}

pin_project! {
    #[project = CallProj]
    enum Call<F, C, R> {
        Admitted { #[pin] response: F, held: Option<Held>, classifier: C },
        Refused { rejection: Option<Rejection>, rejecter: R },
    }

    impl<F, C, R> PinnedDrop for Call<F, C, R> {
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

impl<F, C, R, H> ResponseFuture<F, C, R, H> {
    #[inline]
    pub(crate) fn admitted(
        held: Held,
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

    pub(crate) fn refused(rejection: Rejection, facts: Facts, rejecter: R, hold: H) -> Self {
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

impl<F, C, R, H, Res, Err> Future for ResponseFuture<F, C, R, H>
where
    F: Future<Output = Result<Res, Err>>,
    C: Classify<Res, Err>,
    R: Reject<Res, Err>,
    H: Hold<Res, Held, C::End>,
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
                let Verdict {
                    class, retry_after, ..
                } = seen.verdict;
                if let Some(asked) = retry_after
                    && held.heeds(class)
                {
                    // Now, and not at the end of a body: others are about to call.
                    held.settle_asked(class, asked);
                    return Poll::Ready(result.map(|response| this.hold.free(response)));
                }
                Poll::Ready(match result {
                    Ok(response) => Ok(this.hold.hold(response, held, class, seen.end)),
                    Err(error) => {
                        held.settle_apart(class);
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

impl<F, C, R, H> fmt::Debug for ResponseFuture<F, C, R, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_refused = matches!(self.call, Call::Refused { .. });
        f.debug_struct("ResponseFuture")
            .field("is_refused", &is_refused)
            .finish_non_exhaustive()
    }
}
