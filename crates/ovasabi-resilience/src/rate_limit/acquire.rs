//! Waiting for one's turn.

use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ovasabi_core::Rejection;
use ovasabi_core::time::Tick;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::bucket::bounded;
use super::shared::Limited;
use super::turn::{Outcome, Patience, Turn, Waiting};

pin_project! {
    /// Waits until its units are there; made by [`RateLimiter::acquire`](super::RateLimiter::acquire) and
    /// [`KeyedRateLimiter::acquire`](super::KeyedRateLimiter::acquire).
    ///
    /// It has its place in the queue from the moment it is made, polled or not.
    ///
    /// # Cancel safety
    /// Dropped while it waits, it gives back what it had taken in advance, and the turns of those behind it
    /// come earlier by that.
    #[must_use = "futures do nothing unless polled"]
    pub struct Acquire {
        stage: Stage,
        #[pin]
        sleep: Option<Sleep>,
    }
}

enum Stage {
    Decided(Option<Outcome>),
    Waiting(Waiting),
}

impl Acquire {
    pub(super) fn decided(outcome: Outcome) -> Self {
        Self {
            stage: Stage::Decided(Some(outcome)),
            sleep: None,
        }
    }

    /// Takes units in advance, and a place in the queue, if they will be there in time.
    pub(super) fn join(
        limited: Arc<dyn Limited>,
        lane: u64,
        cost: NonZeroU32,
        now: Tick,
        patience: Patience,
    ) -> Self {
        match Waiting::join(limited, lane, cost.get(), bounded(now), patience) {
            Ok(Ok(waiting)) => Self {
                stage: Stage::Waiting(waiting),
                sleep: None,
            },
            Ok(Err(standing)) => Self::decided(Ok(Some(standing))),
            Err((rejection, standing)) => Self::decided(Err((rejection, standing))),
        }
    }

    /// As the future, with where the bucket stands.
    pub(super) fn poll_outcome(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let mut this = self.project();
        let outcome = loop {
            let waiting = match this.stage {
                // A future that is polled after its end has nothing more to say.
                Stage::Decided(outcome) => {
                    return outcome.take().map_or(Poll::Pending, Poll::Ready);
                }
                Stage::Waiting(waiting) => waiting,
            };
            match waiting.look(cx.waker()) {
                Turn::Decided(outcome) => break outcome,
                Turn::In(wait) => {
                    let at = Instant::now();
                    if at >= waiting.until {
                        break Err(waiting.give_up(wait));
                    }
                    let wake_at = at
                        .checked_add(wait)
                        .map_or(waiting.until, |due| due.min(waiting.until));
                    match this.sleep.as_mut().as_pin_mut() {
                        Some(sleep) => sleep.reset(wake_at),
                        None => this.sleep.set(Some(sleep_until(wake_at))),
                    }
                    if let Some(sleep) = this.sleep.as_mut().as_pin_mut() {
                        ready!(sleep.poll(cx));
                    }
                }
            }
        };
        *this.stage = Stage::Decided(None);
        Poll::Ready(outcome)
    }
}

impl Future for Acquire {
    type Output = Result<(), Rejection>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(self.poll_outcome(cx));
        Poll::Ready(outcome.map(drop).map_err(|(rejection, _)| rejection))
    }
}

impl fmt::Debug for Acquire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_waiting = matches!(self.stage, Stage::Waiting(_));
        f.debug_struct("Acquire")
            .field("is_waiting", &is_waiting)
            .finish_non_exhaustive()
    }
}
