//! The response future.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ovasabi_core::classify::{Classify, Facts, Retry, Verdict};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep};
use tower_service::Service;

use super::layer::Shared;
use super::{Replay, RetryLayer};

pin_project! {
    /// The future of [`RetryService`](super::RetryService). Dropping it drops the attempt or the pause that
    /// is under way; no further one is sent.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S: Service<Req>, Req, C, P> {
        service: S,
        layer: RetryLayer<C, P>,
        facts: Facts,
        attempts: u32,
        request: Option<Req>,
        copy: Option<Req>,
        #[pin]
        stage: Stage<S::Future>,
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<F> {
        Ready,
        Calling { #[pin] call: F },
        Pausing { #[pin] pause: Sleep },
    }
}

impl<S: Service<Req>, Req, C, P> ResponseFuture<S, Req, C, P> {
    pub(super) fn new(service: S, layer: RetryLayer<C, P>, facts: Facts, request: Req) -> Self {
        let request = Some(request);
        Self {
            service,
            layer,
            facts,
            attempts: 0,
            request,
            copy: None,
            stage: Stage::Ready,
        }
    }
}

impl<S, Req, C, P> Future for ResponseFuture<S, Req, C, P>
where
    S: Service<Req>,
    C: Classify<S::Response, S::Error>,
    P: Replay<Req>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.stage.as_mut().project() {
                // Ready -> Calling
                StageProj::Ready => {
                    ready!(this.service.poll_ready(cx))?;
                    // A future that is polled after its end has nothing more to say.
                    let Some(request) = this.request.take() else {
                        return Poll::Pending;
                    };
                    *this.attempts += 1;
                    let is_last = *this.attempts >= this.layer.shared.max_attempts.get();
                    *this.copy = if is_last {
                        None
                    } else {
                        this.layer.replay.copy(&request)
                    };
                    let call = this.service.call(request);
                    this.stage.set(Stage::Calling { call });
                }
                // Calling -> Pausing, or done
                StageProj::Calling { call } => {
                    let result = ready!(call.poll(cx));
                    let verdict = this
                        .layer
                        .classify
                        .seen(this.facts, result.as_ref())
                        .verdict;
                    let pause = pause(&this.layer.shared, this.facts, &verdict, *this.attempts);
                    match (pause, this.copy.take()) {
                        (Some(pause), Some(copy)) if this.layer.shared.budget.withdraw() => {
                            // The connection goes back before the pause, not after it.
                            drop(result);
                            *this.request = Some(copy);
                            this.stage.set(Stage::Pausing {
                                pause: sleep(pause),
                            });
                        }
                        _ => {
                            this.stage.set(Stage::Ready);
                            return Poll::Ready(result);
                        }
                    }
                }
                // Pausing -> Ready
                StageProj::Pausing { pause } => {
                    ready!(pause.poll(cx));
                    this.stage.set(Stage::Ready);
                }
            }
        }
    }
}

/// How long to pause before the next attempt; `None` when there is none to be.
fn pause(shared: &Shared, facts: &Facts, verdict: &Verdict, attempts: u32) -> Option<Duration> {
    let may = match verdict.retry {
        Retry::Safe => true,
        Retry::IfIdempotent => facts.is_idempotent(),
        _ => false,
    };
    if !may {
        return None;
    }
    let asked = verdict.retry_after.unwrap_or_default();
    if asked > shared.max_retry_after {
        return None;
    }
    // The server's word is the least. The backoff adds to it, so that those who were told the same time do
    // not come back together.
    let delay = shared.backoff.delay(attempts, shared.random.next_u64());
    let pause = asked.saturating_add(delay);
    match (facts.deadline(), Instant::now().checked_add(pause)) {
        (Some(deadline), Some(next)) if next < deadline => Some(pause),
        (None, Some(_)) => Some(pause),
        _ => None,
    }
}

impl<S: Service<Req>, Req, C, P> fmt::Debug for ResponseFuture<S, Req, C, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
