//! The future of a call that may wait.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ovasabi_core::body::Hold;
use ovasabi_core::classify::{Classify, Facts};
use ovasabi_core::reject::Reject;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::concurrency::future::{POLLED_AGAIN, end};
use crate::concurrency::{Acquire, ConcurrencyLimitLayer, Permit};

pin_project! {
    /// The future of [`ConcurrencyQueueService`](super::ConcurrencyQueueService).
    ///
    /// # Cancel safety
    /// Dropped before it is ready, it leaves the queue or frees the slot. A call that waits when it is dropped
    /// never starts.
    #[must_use = "futures do nothing unless polled"]
    pub struct QueuedFuture<S: Service<Req>, Req, C, R, H> {
        service: S,
        request: Option<Req>,
        permit: Option<Permit>,
        #[pin]
        stage: Stage<S::Future>,
        facts: Facts,
        classify: C,
        reject: R,
        hold: H,
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<F> {
        Queued { #[pin] acquire: Acquire },
        Readying,
        Calling { #[pin] response: F },
        Over,
    }
}

impl<S: Service<Req>, Req, C: Clone, R: Clone, H: Clone> QueuedFuture<S, Req, C, R, H> {
    #[inline]
    pub(super) fn new(
        service: S,
        request: Req,
        acquire: Acquire,
        facts: Facts,
        layer: &ConcurrencyLimitLayer<C, R, H>,
    ) -> Self {
        Self {
            service,
            request: Some(request),
            permit: None,
            stage: Stage::Queued { acquire },
            facts,
            classify: layer.classify.clone(),
            reject: layer.reject.clone(),
            hold: layer.hold.clone(),
        }
    }
}

impl<S, Req, C, R, H> Future for QueuedFuture<S, Req, C, R, H>
where
    S: Service<Req>,
    C: Classify<S::Response, S::Error>,
    R: Reject<S::Response, S::Error>,
    H: Hold<S::Response, Permit, C::End>,
{
    type Output = Result<H::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.stage.as_mut().project() {
                // Queued -> Readying, or refused
                StageProj::Queued { acquire } => match ready!(acquire.poll(cx)) {
                    Ok(permit) => {
                        *this.permit = Some(permit);
                        this.stage.set(Stage::Readying);
                    }
                    Err(rejection) => {
                        this.stage.set(Stage::Over);
                        let answer = this.reject.reject(this.facts, rejection);
                        return Poll::Ready(answer.map(|response| this.hold.free(response)));
                    }
                },
                // Readying -> Calling, or failed
                StageProj::Readying => {
                    if let Err(error) = ready!(this.service.poll_ready(cx)) {
                        this.stage.set(Stage::Over);
                        *this.permit = None;
                        return Poll::Ready(Err(error));
                    }
                    let request = this.request.take().expect(POLLED_AGAIN);
                    let response = this.service.call(request);
                    this.stage.set(Stage::Calling { response });
                }
                // Calling -> Over
                StageProj::Calling { response } => {
                    let result = ready!(response.poll(cx));
                    this.stage.set(Stage::Over);
                    let permit = this.permit.take().expect(POLLED_AGAIN);
                    return Poll::Ready(end(result, permit, this.facts, this.classify, this.hold));
                }
                StageProj::Over => panic!("{POLLED_AGAIN}"),
            }
        }
    }
}

impl<S: Service<Req>, Req, C, R, H> fmt::Debug for QueuedFuture<S, Req, C, R, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueuedFuture")
            .field("has_slot", &self.permit.is_some())
            .finish_non_exhaustive()
    }
}
