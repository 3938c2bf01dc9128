//! Waiting for a slot.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use ovasabi_core::Rejection;
use ovasabi_core::classify::Priority;
use pin_project_lite::pin_project;
use tokio::task::coop;
use tokio::time::{Instant, Sleep, sleep};

use super::engine::Start;
use super::queue::{Late, Place};
use super::ticket::{Refusal, Ticket};
use super::{ConcurrencyLimiter, Permit};

pin_project! {
    /// The future of [`ConcurrencyLimiter::acquire`]: a [`Permit`], or the [`Rejection`] of the kind
    /// `AtCapacity`, `QueueTimeout` or `DeadlineExceeded`.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// use std::num::NonZeroU32;
    /// use ovasabi_resilience::concurrency::{ConcurrencyLimiter, Queue};
    ///
    /// let limiter = ConcurrencyLimiter::builder("reports", NonZeroU32::MIN).queue(Queue::fifo(10)).build()?;
    /// let first = limiter.acquire().await?;
    /// let (second, _) = tokio::join!(limiter.acquire(), async { drop(first) });
    /// assert!(second.is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Cancel safety
    /// Dropped before it is ready, it leaves the queue; a slot that it was given already goes to the next. Asked
    /// again, it joins the queue at the end.
    #[must_use = "futures do nothing unless polled"]
    pub struct Acquire {
        limiter: ConcurrencyLimiter,
        priority: Priority,
        deadline: Option<Instant>,
        state: State,
        #[pin]
        timer: Option<Sleep>,
    }

    impl PinnedDrop for Acquire {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let State::Queued(place, _) = *this.state {
                this.limiter.shared().abandon(place);
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum State {
    New,
    Queued(Place, Late),
    Over,
}

impl Acquire {
    pub(super) fn new(limiter: ConcurrencyLimiter) -> Self {
        Self {
            limiter,
            priority: Priority::Normal,
            deadline: None,
            state: State::New,
            timer: None,
        }
    }

    /// How much it matters. Default: [`Priority::Normal`].
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// When its caller stops waiting. Default: never; the queue has a longest wait of its own.
    pub fn deadline(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    /// Asks for the slot; where it has to wait, until when.
    #[inline]
    fn start(&self, cx: &mut Context<'_>) -> Result<Start, Rejection> {
        let shared = self.limiter.shared();
        if let Some(ticket) = shared.enter_now(self.priority) {
            return Ok(Start::Admitted(ticket));
        }
        let left = self
            .deadline
            .map(|at| at.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(shared.refuse(Refusal::Deadline));
        }
        let now = shared.now();
        let deadline = left.map(|left| now.saturating_add(left));
        shared.wait(self.priority, deadline, now, cx.waker())
    }

    /// A slot for this call, unless it comes too late.
    #[inline]
    fn permit(
        limiter: &ConcurrencyLimiter,
        ticket: Ticket,
        late: Option<Late>,
    ) -> Poll<Result<Permit, Rejection>> {
        let shared = limiter.shared();
        let permit = Permit::new(limiter.clone(), ticket);
        Poll::Ready(match late {
            // The slot came in time, but this task was not run in time: the permit goes to the next.
            Some(late) if late.why == Refusal::Deadline && late.at <= shared.now() => {
                Err(shared.refuse(Refusal::Deadline))
            }
            _ => Ok(permit),
        })
    }
}

impl Future for Acquire {
    type Output = Result<Permit, Rejection>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (place, late) = match self.state {
            State::New => {
                *self.as_mut().project().state = State::Over;
                match self.start(cx)? {
                    Start::Admitted(ticket) => return Self::permit(&self.limiter, ticket, None),
                    Start::Queued(place, late) => (place, late),
                }
            }
            State::Queued(place, late) => (place, late),
            State::Over => panic!("{POLLED_AGAIN}"),
        };
        let mut this = self.project();
        *this.state = State::Queued(place, late);
        if let Some(told) = this.limiter.shared().ask(place, cx.waker()) {
            *this.state = State::Over;
            return Self::permit(this.limiter, told?, Some(late));
        }
        loop {
            if let Some(timer) = this.timer.as_mut().as_pin_mut() {
                // Outside tokio's budget: a task that spends all of it would wait for ever.
                ready!(pin!(coop::unconstrained(timer)).poll(cx));
            }
            // The timer is only a guess; the clock that the queue reads decides.
            let left = late.at.saturating_since(this.limiter.shared().now());
            if left.is_zero() {
                *this.state = State::Over;
                let ticket = this.limiter.shared().time_out(place, late)?;
                return Self::permit(this.limiter, ticket, Some(late));
            }
            this.timer.set(Some(sleep(left)));
        }
    }
}

/// The contract of `Future`, which callers must keep.
const POLLED_AGAIN: &str = "a future is not polled after it was ready";

impl fmt::Debug for Acquire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acquire")
            .field("limiter", &self.limiter)
            .field("priority", &self.priority)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
