//! The future of a scripted service.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::scripted::InFlight;
use super::step::{End, Step};

/// One call of a [`Scripted`](super::Scripted) service. It is in flight until it ends or is dropped.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct ScriptedFuture<Res, Err> {
    /// `None` once it has ended.
    running: Option<(Step<Res, Err>, InFlight)>,
}

impl<Res, Err> ScriptedFuture<Res, Err> {
    pub(super) fn new(step: Step<Res, Err>, in_flight: InFlight) -> Self {
        Self {
            running: Some((step, in_flight)),
        }
    }
}

// Nothing in it is pinned.
impl<Res, Err> Unpin for ScriptedFuture<Res, Err> {}

impl<Res, Err> Future for ScriptedFuture<Res, Err> {
    type Output = Result<Res, Err>;

    /// # Panics
    /// Where the script says so, and when it is polled after its end.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (step, in_flight) = self.running.take().expect("polled after its end");
        if let Some(polls) = step.polls.checked_sub(1) {
            self.running = Some((Step { polls, ..step }, in_flight));
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match step.end {
            End::Answer(response) => Poll::Ready(Ok(response)),
            End::Fail(error) => Poll::Ready(Err(error)),
            End::Hang => {
                self.running = Some((step, in_flight));
                Poll::Pending
            }
            End::Panic | End::PanicInCall => panic!("the script says so"),
        }
    }
}
