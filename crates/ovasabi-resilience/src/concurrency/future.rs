//! The futures of calls behind a limiter.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ovasabi_core::Rejection;
use ovasabi_core::body::Hold;
use ovasabi_core::classify::{Class, Classify, Facts};
use ovasabi_core::reject::Reject;
use pin_project_lite::pin_project;

pub use super::permit::Held;
use super::permit::Inside;
pub use super::queued::QueuedFuture;

pin_project! {
    /// The future of [`ConcurrencyLimitService`](super::ConcurrencyLimitService).
    ///
    /// # Cancel safety
    /// Dropped before it is ready, it frees the slot, and its latency counts for nothing.
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
        Admitted { #[pin] response: F, held: Option<Held>, classify: C },
        Refused { rejection: Option<Rejection>, reject: R },
    }

    impl<F, C, R> PinnedDrop for Call<F, C, R> {
        fn drop(this: Pin<&mut Self>) {
            if let CallProj::Admitted { held, .. } = this.project()
                && let Some(held) = held.take()
            {
                held.settle_apart(Class::Ignored);
            }
        }
    }
}

impl<F, C, R, H> ResponseFuture<F, C, R, H> {
    #[inline(always)]
    pub(super) fn admitted(
        held: Held,
        call: impl FnOnce() -> F,
        facts: Facts,
        classify: C,
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
                classify,
            },
            facts,
            hold,
        }
    }

    pub(super) fn refused(rejection: Rejection, facts: Facts, reject: R, hold: H) -> Self {
        Self {
            call: Call::Refused {
                rejection: Some(rejection),
                reject,
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
        Poll::Ready(match this.call.project() {
            CallProj::Admitted {
                response,
                held,
                classify,
            } => {
                let inside = Inside::new(held);
                let polled = response.poll(cx);
                inside.over();
                let result = ready!(polled);
                let seen = classify.seen(this.facts, result.as_ref());
                let held = held.take().expect(POLLED_AGAIN);
                let held = held.at_head(&seen.verdict);
                match result {
                    Ok(response) => {
                        Ok(this.hold.hold(response, held, seen.verdict.class, seen.end))
                    }
                    Err(error) => {
                        held.settle_apart(seen.verdict.class);
                        Err(error)
                    }
                }
            }
            CallProj::Refused { rejection, reject } => {
                let rejection = rejection.take().expect(POLLED_AGAIN);
                reject
                    .reject(this.facts, rejection)
                    .map(|response| this.hold.free(response))
            }
        })
    }
}

/// The contract of `Future`, which callers must keep.
pub(super) const POLLED_AGAIN: &str = "a future is not polled after it was ready";

impl<F, C, R, H> fmt::Debug for ResponseFuture<F, C, R, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_refused = matches!(self.call, Call::Refused { .. });
        f.debug_struct("ResponseFuture")
            .field("is_refused", &is_refused)
            .finish_non_exhaustive()
    }
}
