//! A timer that is made when somebody first waits, and moved as seldom as can be.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::task::coop;
use tokio::time::{Instant, Sleep, sleep_until};

use super::ticket::{Due, Limit};

pin_project! {
    #[derive(Debug, Default)]
    pub(crate) struct Timer {
        #[pin]
        sleep: Option<Sleep>,
    }
}

impl Timer {
    /// Ready, with whose time it is, once `due` is over; never if there is none.
    ///
    /// # Panics
    /// Outside of a tokio runtime with timers.
    #[inline]
    pub(crate) fn poll_due(
        self: Pin<&mut Self>,
        due: Option<Due>,
        cx: &mut Context<'_>,
    ) -> Poll<Limit> {
        let Some(Due { at, by }) = due else {
            return Poll::Pending;
        };
        ready!(self.poll_at(at, cx));
        Poll::Ready(by)
    }

    /// A timer that is set for an earlier moment stays: it is moved once it fires, not with every `at`.
    fn poll_at(self: Pin<&mut Self>, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.sleep.is_none() {
            this.sleep.set(Some(sleep_until(at)));
        }
        let Some(mut sleep) = this.sleep.as_pin_mut() else {
            return Poll::Pending;
        };
        if sleep.deadline() > at {
            sleep.as_mut().reset(at);
        }
        loop {
            // A call that spends all of tokio's budget in each poll would never be stopped.
            if coop::has_budget_remaining() {
                ready!(sleep.as_mut().poll(cx));
            } else {
                ready!(pin!(coop::unconstrained(sleep.as_mut())).poll(cx));
            }
            if sleep.deadline() >= at {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(at);
        }
    }
}
