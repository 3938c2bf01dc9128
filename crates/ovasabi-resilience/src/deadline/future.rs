//! The futures.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ovasabi_core::Rejection;
use ovasabi_core::classify::Facts;
use ovasabi_core::reject::Reject;
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::Follow;
use super::body::Watch;
use super::shared::Shared;
use super::ticket::Ticket;
use super::timer::Timer;
use super::totals::Part;

pub use super::propagate::InContext;
pub use super::readiness::ReadyThenCall;

pin_project! {
    /// The future of [`DeadlineService`](super::DeadlineService).
    ///
    /// # Cancel safety
    /// Dropping it drops the call inside. That is not counted.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, R, B> {
        #[pin]
        state: State<F>,
        facts: Facts,
        reject: R,
        body: B,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Admitted { #[pin] call: F, #[pin] timer: Timer, ticket: Ticket, shared: Option<Shared> },
        Refused { rejection: Option<Rejection> },
        Over,
    }
}

impl<F, R, B> ResponseFuture<F, R, B> {
    #[inline]
    pub(super) fn admitted(
        call: F,
        ticket: Ticket,
        shared: Shared,
        facts: Facts,
        reject: R,
        body: B,
    ) -> Self {
        Self {
            state: State::Admitted {
                call,
                timer: Timer::default(),
                ticket,
                shared: Some(shared),
            },
            facts,
            reject,
            body,
        }
    }

    pub(super) fn refused(rejection: Rejection, facts: Facts, reject: R, body: B) -> Self {
        Self {
            state: State::Refused {
                rejection: Some(rejection),
            },
            facts,
            reject,
            body,
        }
    }
}

impl<F, R, B, Res, Err> Future for ResponseFuture<F, R, B>
where
    F: Future<Output = Result<Res, Err>>,
    R: Reject<Res, Err>,
    B: Follow<Res>,
{
    type Output = Result<B::Response, Err>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let rejection = match this.state.as_mut().project() {
            StateProj::Admitted {
                call,
                timer,
                ticket,
                shared,
            } => {
                if let Poll::Ready(result) = call.poll(cx) {
                    return Poll::Ready(result.map(|response| {
                        let watch = || Some(Watch::new(shared.take()?, *ticket));
                        this.body.follow(response, watch)
                    }));
                }
                let by = ready!(timer.poll_due(ticket.due(Instant::now), cx));
                shared.take().map(|shared| shared.cut_off(Part::Head, by))
            }
            StateProj::Refused { rejection } => rejection.take(),
            StateProj::Over => None,
        };
        // The work stops before anybody hears that it has.
        this.state.set(State::Over);
        // A future that is polled after its end has nothing more to say.
        rejection.map_or(Poll::Pending, |rejection| {
            let refused = this.reject.reject(this.facts, rejection);
            Poll::Ready(refused.map(|response| this.body.free(response)))
        })
    }
}

impl<F, R, B> fmt::Debug for ResponseFuture<F, R, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_refused = matches!(self.state, State::Refused { .. });
        f.debug_struct("ResponseFuture")
            .field("is_refused", &is_refused)
            .finish_non_exhaustive()
    }
}
