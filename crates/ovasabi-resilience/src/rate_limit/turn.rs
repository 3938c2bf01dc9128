//! A place in the queue.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use ovasabi_core::reject::{RejectKind, Rejection};
use tokio::time::Instant;

use super::Standing;
use super::bucket::{Bucket, bounded};
use super::counts::Reason;
use super::engine::{Refused, never};
use super::shared::Limited;

/// What became of it, and where the bucket stands, if it was asked.
pub(super) type Outcome = Result<Option<Standing>, (Rejection, Option<Standing>)>;

/// How long it may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) max_wait: Duration,
    pub(super) deadline: Option<Instant>,
}

/// The longest that anybody waits, whatever it asks for.
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// A place in the queue, with what was taken in advance.
pub(super) struct Waiting {
    limited: Arc<dyn Limited>,
    lane: u64,
    id: u64,
    cost: u32,
    pub(super) until: Instant,
    is_deadline: bool,
    has_left: bool,
}

/// What a look at the queue says.
pub(super) enum Turn {
    Decided(Outcome),
    In(Duration),
}

impl Waiting {
    /// A place, or the admission, if the units are there meanwhile.
    pub(super) fn join(
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
    pub(super) fn look(&mut self, waker: &Waker) -> Turn {
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
    pub(super) fn give_up(&mut self, left: Duration) -> (Rejection, Option<Standing>) {
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
