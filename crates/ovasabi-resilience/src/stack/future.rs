//! The future of a call through a run without retries.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ovasabi_core::Rejection;
use ovasabi_core::admit::Settle;
use ovasabi_core::body::Hold;
use ovasabi_core::classify::{Classify, Facts};
use ovasabi_core::reject::Reject;
use pin_project_lite::pin_project;

use super::attempt::{self, Ended};
pub use super::call::CallFuture;
use super::guard::Guard;
pub use super::guard::Held;
use super::patience::Patience;

pin_project! {
    /// The future of [`RunService`](super::RunService).
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the call counts for nothing, and everything that it holds returns.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, C, R, H, G> {
        #[pin]
        call: Call<F>,
        #[pin]
        patience: Patience,
        guard: Guard<G>,
        facts: Facts,
        classifier: C,
        rejecter: R,
        hold: H,
    }
}

pin_project! {
    #[project = CallProj]
    pub(super) enum Call<F> {
        Admitted { #[pin] response: Option<F> },
        Refused { rejection: Option<Rejection> },
    }
}

impl<F> Call<F> {
    #[inline]
    pub(super) fn admitted(response: F) -> Self {
        Self::Admitted {
            response: Some(response),
        }
    }

    pub(super) fn refused(rejection: Rejection) -> Self {
        Self::Refused {
            rejection: Some(rejection),
        }
    }
}

impl<F, C, R, H, G> ResponseFuture<F, C, R, H, G> {
    #[inline]
    pub(super) fn new(
        call: Call<F>,
        patience: Patience,
        guard: Guard<G>,
        facts: Facts,
        (classifier, rejecter, hold): (C, R, H),
    ) -> Self {
        Self {
            call,
            patience,
            guard,
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
{
    type Output = Result<H::Response, Err>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let rejection = match this.call.project() {
            CallProj::Admitted { response } => {
                match ready!(attempt::poll(
                    response,
                    this.guard,
                    this.patience,
                    this.facts,
                    cx
                )) {
                    Ended::Answered(result, mut held) => {
                        let seen = this.classifier.seen(this.facts, result.as_ref());
                        held.at_head(&seen.verdict);
                        return Poll::Ready(match result {
                            Ok(response) => {
                                Ok(this.hold.hold(response, held, seen.verdict.class, seen.end))
                            }
                            Err(error) => {
                                held.settle(seen.verdict.class);
                                Err(error)
                            }
                        });
                    }
                    Ended::Late(_, rejection) => rejection,
                }
            }
            CallProj::Refused { rejection } => match rejection.take() {
                Some(rejection) => rejection,
                // A future that is polled after its end has nothing more to say.
                None => return Poll::Pending,
            },
        };
        let answer = this.rejecter.reject(this.facts, rejection);
        Poll::Ready(answer.map(|response| this.hold.free(response)))
    }
}

impl<F, C, R, H, G> fmt::Debug for ResponseFuture<F, C, R, H, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_refused = matches!(self.call, Call::Refused { .. });
        f.debug_struct("ResponseFuture")
            .field("is_refused", &is_refused)
            .finish_non_exhaustive()
    }
}
