//! The future of a call with a fallback.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ovasabi_core::classify::{Class, Classify, Facts};
use pin_project_lite::pin_project;

use super::answer::{Answer, Given};
use super::attach::Attach;
use super::degraded::{Degraded, Mark, Stale};
use super::layer::Shared;
use super::{Cause, Outcome, TARGET};

pin_project! {
    /// The future of [`FallbackService`](super::FallbackService).
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the call and the fallback, if it has begun, are dropped; nothing is remembered.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, A, AF, K, C, M, B, Res, Err>
    where
        A: 'static,
    {
        #[pin]
        state: State<F, A, AF, K, Res, Err>,
        facts: Facts,
        classifier: C,
        mark: M,
        attach: B,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, A, AF, K, Res, Err>
    where
        A: 'static,
    {
        Calling { #[pin] response: F, kept: Option<K>, shared: Option<Shared<A>> },
        Answering { #[pin] answer: AF, first: Option<Result<Res, Err>>, pending: Pending<A> },
    }
}

impl<F, A, AF, K, C, M, B, Res, Err> ResponseFuture<F, A, AF, K, C, M, B, Res, Err> {
    #[inline]
    pub(super) fn new(
        response: F,
        kept: K,
        facts: Facts,
        shared: Shared<A>,
        classifier: C,
        mark: M,
        attach: B,
    ) -> Self {
        Self {
            state: State::Calling {
                response,
                kept: Some(kept),
                shared: Some(shared),
            },
            facts,
            classifier,
            mark,
            attach,
        }
    }
}

impl<F, A, K, C, M, B, Res, Err> Future for ResponseFuture<F, A, A::Future, K, C, M, B, Res, Err>
where
    F: Future<Output = Result<Res, Err>>,
    Err: fmt::Display,
    A: Answer<K, Res, Err>,
    C: Classify<Res, Err>,
    M: Mark<Res>,
    B: Attach<Err>,
{
    type Output = Result<Res, Err>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let StateProj::Calling {
            response,
            kept,
            shared,
        } = this.state.as_mut().project()
        {
            let result = ready!(response.poll(cx));
            let verdict = this.classifier.seen(this.facts, result.as_ref()).verdict;
            let kept = kept.take().expect(POLLED_AGAIN);
            let shared = shared.take().expect(POLLED_AGAIN);
            if verdict.class == Class::Success {
                if let Ok(response) = &result {
                    shared.answer.remember(kept, this.facts, response);
                }
                return Poll::Ready(result);
            }
            let Some(cause) = shared.fallback.select(&verdict) else {
                return Poll::Ready(result);
            };
            // Counts from here on, also when the answer panics.
            let pending = Pending::new(shared, cause);
            let answer = pending.shared.answer.answer(kept, cause);
            this.state.set(State::Answering {
                answer,
                first: Some(result),
                pending,
            });
        }
        let StateProj::Answering {
            answer,
            first,
            pending,
        } = this.state.project()
        else {
            return Poll::Pending;
        };
        let given = ready!(answer.poll(cx));
        let first = first.take().expect(POLLED_AGAIN);
        let judge = |response: &Res| {
            let verdict = this.classifier.seen(this.facts, Ok(response)).verdict;
            Cause::of(&verdict).is_none()
        };
        let (mut response, stale) = match given {
            Given::Made(response) => (response, None),
            Given::Served(response) if judge(&response) => (response, None),
            Given::Stale(response, age) => (response, Some(Stale { age })),
            Given::Served(_) => return Poll::Ready(pending.failed(first, None, this.attach)),
            Given::Failed(second) => {
                return Poll::Ready(pending.failed(first, Some(second), this.attach));
            }
            Given::Nothing => {
                pending.settle(Outcome::Missing);
                return Poll::Ready(first);
            }
        };
        pending.settle(Outcome::Answered);
        let degraded = Degraded {
            policy: pending.shared.fallback.name().clone(),
            cause: pending.cause,
        };
        this.mark.mark(&mut response, degraded, stale);
        Poll::Ready(Ok(response))
    }
}

/// A call that the fallback has taken over: it counts once, however it ends.
struct Pending<A: 'static> {
    shared: Shared<A>,
    cause: Cause,
    is_settled: bool,
}

impl<A> Pending<A> {
    fn new(shared: Shared<A>, cause: Cause) -> Self {
        Self {
            shared,
            cause,
            is_settled: false,
        }
    }

    fn settle(&mut self, outcome: Outcome) {
        self.is_settled = true;
        self.shared.fallback.settle(self.cause, outcome);
    }

    /// The first result comes back, whatever the fallback has met with.
    fn failed<Res, Err: fmt::Display>(
        &mut self,
        first: Result<Res, Err>,
        second: Option<Err>,
        attach: &impl Attach<Err>,
    ) -> Result<Res, Err> {
        self.settle(Outcome::Failed);
        let text = |error: Option<&Err>| error.map(|error| error.to_string());
        tracing::debug!(
            target: TARGET,
            name = self.shared.fallback.name().as_str(),
            cause = self.cause.label(),
            error = text(first.as_ref().err()),
            fallback_error = text(second.as_ref()),
            "fallback failed too"
        );
        match (first, second) {
            (Err(first), Some(second)) => Err(attach.attach(first, second)),
            (first, _) => first,
        }
    }
}

impl<A> Drop for Pending<A> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.settle(Outcome::Dropped);
        }
    }
}

/// The contract of `Future`, which callers must keep.
const POLLED_AGAIN: &str = "a future is not polled after it was ready";

impl<F, A, AF, K, C, M, B, Res, Err> fmt::Debug for ResponseFuture<F, A, AF, K, C, M, B, Res, Err> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_answering = matches!(self.state, State::Answering { .. });
        f.debug_struct("ResponseFuture")
            .field("is_answering", &is_answering)
            .finish_non_exhaustive()
    }
}
