//! One attempt under way, in the future of a call.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ovasabi_core::Rejection;
use ovasabi_core::classify::Facts;

use super::guard::{Guard, Held};
use super::patience::{Patience, Whose};

/// How an attempt ended.
pub(super) enum Ended<T, G> {
    /// With a result. The admission is the caller's to settle.
    Answered(T, Held<G>),
    /// Its time was up: it is dropped and settled.
    Late(Whose, Rejection),
}

/// Polls the call, and the patience with it only if that is pending.
#[inline]
pub(super) fn poll<F: Future, G>(
    mut response: Pin<&mut Option<F>>,
    guard: &mut Guard<G>,
    patience: Pin<&mut Patience>,
    facts: &Facts,
    cx: &mut Context<'_>,
) -> Poll<Ended<F::Output, G>> {
    let Some(call) = response.as_mut().as_pin_mut() else {
        // A future that is polled after its end has nothing more to say.
        return Poll::Pending;
    };
    match guard.around(|| call.poll(cx)) {
        Poll::Ready(result) => match guard.take() {
            Some(held) => Poll::Ready(Ended::Answered(result, held)),
            None => Poll::Pending,
        },
        Poll::Pending => {
            let (whose, rejection) = ready!(wait(guard, patience, facts, cx));
            // The work stops before anybody hears that it has.
            response.set(None);
            guard.settle(whose.class());
            Poll::Ready(Ended::Late(whose, rejection))
        }
    }
}

/// Ready when nobody waits any longer, with what to say then. The admission stays.
pub(super) fn wait<G>(
    guard: &Guard<G>,
    patience: Pin<&mut Patience>,
    facts: &Facts,
    cx: &mut Context<'_>,
) -> Poll<(Whose, Rejection)> {
    let Some(held) = guard.get() else {
        return Poll::Pending;
    };
    let run = held.run();
    let whose = ready!(patience.poll(cx, run, facts));
    Poll::Ready((whose, run.late(whose.kind())))
}
