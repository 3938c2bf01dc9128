//! Waiting for one's turn.

use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use ovasabi_core::reject::{RejectKind, Rejection};
use ovasabi_core::time::Tick;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::Standing;
use super::bucket::{Bucket, bounded};
use super::counts::Reason;
use super::engine::{Refused, never};
use super::shared::Limited;

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

/// What became of it, and where the bucket stands, if it was asked.
pub(super) type Outcome = Result<Option<Standing>, (Rejection, Option<Standing>)>;

enum Stage {
    Decided(Option<Outcome>),
    Waiting(Waiting),
}

/// How long it may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) max_wait: Duration,
    pub(super) deadline: Option<Instant>,
}

/// The longest that anybody waits, whatever it asks for.
const YEAR: Duration = Duration::from_secs(365 * 86_400);

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

/// A place in the queue, with what was taken in advance.
struct Waiting {
    limited: Arc<dyn Limited>,
    lane: u64,
    id: u64,
    cost: u32,
    until: Instant,
    is_deadline: bool,
    has_left: bool,
}

enum Turn {
    Decided(Outcome),
    In(Duration),
}

impl Waiting {
    /// A place, or the admission, if the units are there meanwhile.
    fn join(
        limited: Arc<dyn Limited>,
        lane: u64,
        cost: u32,
        now: u64,
        patience: Patience,
    ) -> Result<Result<Self, Standing>, (Rejection, Option<Standing>)> {
        let Patience { max_wait, deadline } = patience;
        let core = limited.core();
        let at = Instant::now();
        let max_wait = max_wait.min(YEAR);
        let left = deadline.map(|deadline| deadline.saturating_duration_since(at));
        let longest = left.map_or(max_wait, |left| left.min(max_wait));
        let mut queue = core.queue.stop();
        let quota = core.quota.get();
        let is_full = core.queue.is_full(&queue);
        // Who finds no place in the queue may still be admitted at once.
        let bound = if is_full { 0 } else { nanos(longest) };
        let reserved = limited
            .bucket(lane)
            .and_then(|bucket| bucket.reserve(quota, cost, now, bound));
        // A key that has lost its bucket to another was as good as new, and comes again.
        let (taken, full_at) = reserved.unwrap_or((Err(quota.nanos()), now));
        let standing = Standing::new(quota, full_at, now);
        match taken {
            Ok(0) => Ok(Err(standing)),
            Ok(_) => {
                let id = queue.join(lane, cost);
                drop(queue);
                Ok(Ok(Self {
                    lane,
                    id,
                    cost,
                    until: at.checked_add(longest).unwrap_or(at),
                    is_deadline: longest < max_wait,
                    has_left: false,
                    limited,
                }))
            }
            Err(wait) => {
                let delay = Duration::from_nanos(wait);
                let is_patient = is_full && delay <= longest;
                let reason = if is_patient {
                    Reason::QueueFull
                } else {
                    Reason::Rate
                };
                let rejection = core
                    .reject(reason, RejectKind::RateLimited)
                    .retry_after(delay);
                Err((rejection, Some(standing)))
            }
        }
    }

    /// Whether it is its turn.
    fn look(&mut self, waker: &Waker) -> Turn {
        let core = self.limited.core();
        let mut queue = core.queue.stop();
        let now = bounded(core.clock.now());
        let quota = core.quota.get();
        // A bucket that went to another key was full, so its turn has come.
        let full_at = self.limited.bucket(self.lane).map_or(0, Bucket::full_at);
        let due = queue.due(self.id, quota, full_at);
        if self.cost > quota.burst().get() {
            drop(queue);
            let refused: Refused = never(quota, full_at, now);
            self.leave();
            let rejection = self.limited.core().refuse(refused);
            return Turn::Decided(Err((rejection, Some(refused.standing))));
        }
        if due > now {
            queue.remember(self.id, waker);
            return Turn::In(Duration::from_nanos(due - now));
        }
        queue.leave(self.id);
        drop(queue);
        core.counts.waited();
        self.has_left = true;
        Turn::Decided(Ok(Some(Standing::new(quota, full_at, now))))
    }

    /// It has waited for as long as it may.
    fn give_up(&mut self, left: Duration) -> (Rejection, Option<Standing>) {
        self.leave();
        let (reason, kind) = if self.is_deadline {
            (Reason::Deadline, RejectKind::DeadlineExceeded)
        } else {
            (Reason::WaitedLong, RejectKind::QueueTimeout)
        };
        let core = self.limited.core();
        let full_at = self.limited.bucket(self.lane).map_or(0, Bucket::full_at);
        let standing = Standing::new(core.quota.get(), full_at, bounded(core.clock.now()));
        (core.reject(reason, kind).retry_after(left), Some(standing))
    }

    /// Gives back what was taken in advance.
    fn leave(&mut self) {
        if std::mem::replace(&mut self.has_left, true) {
            return;
        }
        let core = self.limited.core();
        let mut queue = core.queue.stop();
        queue.leave(self.id);
        if let Some(bucket) = self.limited.bucket(self.lane) {
            let now = bounded(core.clock.now());
            bucket.refund(core.quota.get().price(u64::from(self.cost)), now);
        }
        queue.wake_behind(self.id, self.lane);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.leave();
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Acquire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_waiting = matches!(self.stage, Stage::Waiting(_));
        f.debug_struct("Acquire")
            .field("is_waiting", &is_waiting)
            .finish_non_exhaustive()
    }
}
