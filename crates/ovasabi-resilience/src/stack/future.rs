//! The future of a call through a run without retries.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ovasabi_core::Rejection;
use ovasabi_core::body::Hold;
use ovasabi_core::classify::{Classify, Facts, Seen};
use ovasabi_core::reject::Reject;
use ovasabi_core::time::Tick;
use pin_project_lite::pin_project;
use tokio::time::Sleep;

pub use super::call::CallFuture;
use super::gate::Entrance;
use super::guard::Guard;
pub use super::guard::Held;
use super::patience::Times;

pin_project! {
    /// The future of [`RunService`](super::RunService).
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the call counts for nothing, and everything that it holds returns.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, C, R, H, G: Entrance> {
        #[pin]
        call: Call<F, G>,
        facts: Facts,
        classifier: C,
        rejecter: R,
        hold: H,
    }
}

pin_project! {
    #[project = CallProj]
    enum Call<F, G: Entrance> {
        // The response first, so that it is dropped first: the work stops before anybody hears that it has.
        Admitted { #[pin] response: Option<F>, guard: Guard<G>, #[pin] timer: Option<Sleep>, times: Times },
        Refused { rejection: Option<Rejection> },
    }
}

impl<F, C, R, H, G: Entrance> ResponseFuture<F, C, R, H, G> {
    #[inline(always)]
    pub(super) fn admitted(
        mut guard: Guard<G>,
        call: impl FnOnce() -> F,
        now: Tick,
        facts: Facts,
        (classifier, rejecter, hold): (C, R, H),
    ) -> Self {
        let response = guard.around(call);
        Self {
            call: Call::Admitted {
                response: Some(response),
                guard,
                timer: None,
                times: Times::new(now),
            },
            facts,
            classifier,
            rejecter,
            hold,
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn refused(
        rejection: Rejection,
        facts: Facts,
        (classifier, rejecter, hold): (C, R, H),
    ) -> Self {
        Self {
            call: Call::Refused {
                rejection: Some(rejection),
            },
            facts,
            classifier,
            rejecter,
            hold,
        }
    }
}

impl<F, C, R, H, G, Res, Err> Future for ResponseFuture<F, C, R, H, G>
where
    F: Future<Output = Result<Res, Err>>,
    C: Classify<Res, Err>,
    R: Reject<Res, Err>,
    H: Hold<Res, Held<G>, C::End>,
    G: Entrance,
{
    type Output = Result<H::Response, Err>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let rejection = match this.call.project() {
            CallProj::Admitted {
                mut response,
                guard,
                timer,
                times,
            } => {
                // Cut off before: a future that is polled after that has nothing more to say, nor has a refused one.
                let Some(call) = response.as_mut().as_pin_mut() else {
                    return Poll::Pending;
                };
                if let Poll::Ready(result) = guard.around(|| call.poll(cx)) {
                    let Seen { verdict, end } = this.classifier.seen(this.facts, result.as_ref());
                    guard.at_head(&verdict);
                    let response = match result {
                        Ok(response) => response,
                        Err(error) => {
                            guard.settle(verdict.class);
                            return Poll::Ready(Err(error));
                        }
                    };
                    return match guard.take() {
                        Some(held) => {
                            Poll::Ready(Ok(this.hold.hold(response, held, verdict.class, end)))
                        }
                        None => Poll::Pending,
                    };
                }
                let (whose, rejection) = ready!(times.poll(timer, cx, guard, this.facts));
                // The work stops before anybody hears that it has.
                response.set(None);
                guard.settle(whose.class());
                rejection
            }
            CallProj::Refused { rejection } => match rejection.take() {
                Some(rejection) => rejection,
                None => return Poll::Pending,
            },
        };
        let answer = this.rejecter.reject(this.facts, rejection);
        Poll::Ready(answer.map(|response| this.hold.free(response)))
    }
}

impl<F, C, R, H, G: Entrance> fmt::Debug for ResponseFuture<F, C, R, H, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_refused = matches!(self.call, Call::Refused { .. });
        f.debug_struct("ResponseFuture")
            .field("is_refused", &is_refused)
            .finish_non_exhaustive()
    }
}
