//! The response future.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use ovasabi_core::Rejection;
use ovasabi_core::classify::Facts;
use ovasabi_core::reject::Reject;
use pin_project_lite::pin_project;
use tokio::task::coop;
use tokio::time::{Instant, Sleep, sleep_until};

pin_project! {
    /// The future of [`DeadlineService`](super::DeadlineService). Dropping it drops the call inside.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, Res, Err, R> {
        #[pin]
        call: Option<F>,
        #[pin]
        timer: Option<Sleep>,
        at: Option<Instant>,
        answer: Option<Result<Res, Err>>,
        refusal: Option<(Facts, Rejection, R)>,
    }
}

impl<F, Res, Err, R> ResponseFuture<F, Res, Err, R> {
    pub(super) fn running(
        call: F,
        at: Option<Instant>,
        facts: Facts,
        rejection: Rejection,
        reject: R,
    ) -> Self {
        Self {
            call: Some(call),
            timer: None,
            at,
            answer: None,
            refusal: Some((facts, rejection, reject)),
        }
    }

    pub(super) fn refused(answer: Result<Res, Err>) -> Self {
        Self {
            call: None,
            timer: None,
            at: None,
            answer: Some(answer),
            refusal: None,
        }
    }
}

impl<F, Res, Err, R> Future for ResponseFuture<F, Res, Err, R>
where
    F: Future<Output = Result<Res, Err>>,
    R: Reject<Res, Err>,
{
    type Output = Result<Res, Err>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(call) = this.call.as_mut().as_pin_mut() else {
            // A future that is polled after its end has nothing more to say.
            return this.answer.take().map_or(Poll::Pending, Poll::Ready);
        };
        if let Poll::Ready(result) = call.poll(cx) {
            this.call.set(None);
            return Poll::Ready(result);
        }
        let Some(at) = *this.at else {
            return Poll::Pending;
        };
        if this.timer.is_none() {
            this.timer.set(Some(sleep_until(at)));
        }
        let Some(timer) = this.timer.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        // Outside tokio's budget: a call that spends all of it in each poll would never be stopped.
        ready!(pin!(coop::unconstrained(timer)).poll(cx));
        // The work stops before anybody hears that it has.
        this.call.set(None);
        match this.refusal.take() {
            Some((facts, rejection, reject)) => Poll::Ready(reject.reject(&facts, rejection)),
            None => Poll::Pending,
        }
    }
}

impl<F, Res, Err, R> fmt::Debug for ResponseFuture<F, Res, Err, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
