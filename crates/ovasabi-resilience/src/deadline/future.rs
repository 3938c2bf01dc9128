//! The futures.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

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
        call: Call<F>,
        #[pin]
        timer: Timer,
        // `None` once a refusal has been told, or somebody else watches the response.
        shared: Option<Shared>,
        facts: Facts,
        reject: R,
        body: B,
    }
}

pin_project! {
    #[project = CallProj]
    enum Call<F> {
        Admitted { #[pin] call: F, ticket: Ticket },
        // Refused, cut off, or over.
        None,
    }
}

impl<F, R, B> ResponseFuture<F, R, B> {
    /// `None` for a call that was refused.
    #[inline(always)]
    pub(super) fn new(
        call: Option<(F, Ticket)>,
        shared: Shared,
        facts: Facts,
        reject: R,
        body: B,
    ) -> Self {
        Self {
            call: call.map_or(Call::None, |(call, ticket)| Call::Admitted { call, ticket }),
            timer: Timer::default(),
            shared: Some(shared),
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
        let rejection = match this.call.as_mut().project() {
            CallProj::Admitted { call, ticket } => {
                if let Poll::Ready(result) = call.poll(cx) {
                    return Poll::Ready(result.map(|response| {
                        let watch = || Some(Watch::new(this.shared.take()?, *ticket));
                        this.body.follow(response, watch)
                    }));
                }
                let by = ready!(this.timer.poll_due(ticket.due(Instant::now), cx));
                // The work stops before anybody hears that it has.
                this.call.set(Call::None);
                this.shared
                    .take()
                    .map(|shared| shared.cut_off(Part::Head, by))
            }
            CallProj::None => this.shared.take().map(|shared| shared.refusal()),
        };
        // A future that is polled after its end has nothing more to say.
        rejection.map_or(Poll::Pending, |rejection| {
            let refused = this.reject.reject(this.facts, rejection);
            Poll::Ready(refused.map(|response| this.body.free(response)))
        })
    }
}

impl<F, R, B> fmt::Debug for ResponseFuture<F, R, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_over = matches!(self.call, Call::None);
        f.debug_struct("ResponseFuture")
            .field("is_over", &is_over)
            .finish_non_exhaustive()
    }
}
