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

use crate::concurrency::future::{Held, POLLED_AGAIN, ResponseFuture};
use crate::concurrency::{Acquire, ConcurrencyLimitLayer, Permit};

pin_project! {
    /// The future of [`ConcurrencyQueueService`](crate::concurrency::ConcurrencyQueueService).
    ///
    /// # Cancel safety
    /// Dropped before it is ready, it leaves the queue or frees the slot. A call that waits when it is dropped
    /// never starts.
    #[must_use = "futures do nothing unless polled"]
    pub struct QueuedFuture<S: Service<Req>, Req, C, R, H> {
        service: S,
        request: Option<Req>,
        #[pin]
        stage: Stage<S::Future, C, R, H>,
        facts: Facts,
        classify: C,
        reject: R,
        hold: H,
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<F, C, R, H> {
        Queued { #[pin] acquire: Acquire },
        // The permit is dropped with the future, and so is the slot free.
        Readying { permit: Option<Permit> },
        Calling { #[pin] response: ResponseFuture<F, C, R, H> },
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
    C: Classify<S::Response, S::Error> + Clone,
    R: Reject<S::Response, S::Error>,
    H: Hold<S::Response, Held, C::End> + Clone,
{
    type Output = Result<H::Response, S::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let permit = match this.stage.as_mut().project() {
                // Queued -> Readying or Calling, or refused
                StageProj::Queued { acquire } => match ready!(acquire.poll(cx)) {
                    Ok(permit) => permit,
                    Err(rejection) => {
                        let answer = this.reject.reject(this.facts, rejection);
                        return Poll::Ready(answer.map(|response| this.hold.free(response)));
                    }
                },
                // Readying -> Calling, or failed
                StageProj::Readying { permit } => permit.take().expect(POLLED_AGAIN),
                StageProj::Calling { response } => return response.poll(cx),
            };
            match this.service.poll_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    let permit = Some(permit);
                    this.stage.set(Stage::Readying { permit });
                    return Poll::Pending;
                }
            }
            let request = this.request.take().expect(POLLED_AGAIN);
            let service = &mut *this.service;
            // Copied first: foreign code may panic, and what is held then does nothing when it is dropped.
            let (classify, hold) = (this.classify.clone(), this.hold.clone());
            let held = permit.into_held();
            let call = || service.call(request);
            let response = ResponseFuture::admitted(held, call, *this.facts, classify, hold);
            this.stage.set(Stage::Calling { response });
        }
    }
}

impl<S: Service<Req>, Req, C, R, H> fmt::Debug for QueuedFuture<S, Req, C, R, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Queued { .. } => "queued",
            Stage::Readying { .. } => "readying",
            Stage::Calling { .. } => "calling",
        };
        f.debug_struct("QueuedFuture")
            .field("stage", &stage)
            .finish_non_exhaustive()
    }
}
