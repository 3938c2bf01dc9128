//! What limiters with one bucket and with many have in common.

use std::fmt;
use std::num::NonZeroU32;

use ovasabi_core::inspect::{Control, ControlError, Inspect, Inspected, Metric, Snapshot};
use ovasabi_core::reject::{Name, RejectKind, Rejection};
use ovasabi_core::time::{Clock, Tick};

use super::bucket::{Bucket, bounded};
use super::counts::{Counts, Names, Reason};
use super::engine::{self, Decision, Refusal, Refused};
use super::live::LiveQuota;
use super::queue::Queue;
use super::{Quota, text};

/// The target of this module's `tracing` events: a quota that changes is one, with its name, `from` and `to`.
pub const TARGET: &str = "ovasabi::rate_limit";

/// What rejections call this layer.
pub(super) const LAYER: &str = "rate_limit";

/// A name, a clock, a quota that can be changed, those who wait, and what was counted.
#[derive(Debug)]
pub(crate) struct Core {
    pub(super) name: Name,
    pub(super) clock: Clock,
    pub(super) quota: LiveQuota,
    pub(super) queue: Queue,
    pub(super) counts: Counts,
}

/// A limiter, for those who wait for it and for those who change it.
pub(crate) trait Limited: fmt::Debug + Send + Sync {
    fn core(&self) -> &Core;

    /// The bucket of a lane, if it has one.
    fn bucket(&self, lane: u64) -> Option<&Bucket>;

    /// All buckets, with the lane of those that have one.
    fn each_bucket(&self, visit: &mut dyn FnMut(Option<u64>, &Bucket));
}

impl<T: Inspect + Limited> Limited for Inspected<T> {
    fn core(&self) -> &Core {
        (**self).core()
    }

    fn bucket(&self, lane: u64) -> Option<&Bucket> {
        (**self).bucket(lane)
    }

    fn each_bucket(&self, visit: &mut dyn FnMut(Option<u64>, &Bucket)) {
        (**self).each_bucket(visit);
    }
}

impl Core {
    pub(super) fn new(name: Name, clock: Clock, quota: Quota, max_waiting: u32) -> Self {
        Self {
            name,
            clock,
            quota: LiveQuota::new(quota),
            queue: Queue::new(max_waiting),
            counts: Counts::default(),
        }
    }

    /// Decides with a bucket that no more is owed to than there can be.
    ///
    /// Whoever read a quota just before it changed may take at its price when the bucket is on the scale of the
    /// next one already: a unit of an hour among those of a millisecond, which would refuse for that hour. It is
    /// found here by the first who is refused for it, and counts as a whole burst.
    #[inline(always)]
    pub(super) fn decide(
        &self,
        bucket: &Bucket,
        lane: Option<u64>,
        cost: NonZeroU32,
        now: Tick,
    ) -> Option<Decision> {
        let quota = self.quota.get();
        match engine::take(quota, bucket, cost, now) {
            Ok(standing) => Some(Ok(standing)),
            Err(full_at) => self.miss(quota, full_at, bucket, lane, cost, now),
        }
    }

    /// The rest of [`Self::decide`], out of line: the parts of a refusal would travel through memory, and those
    /// of an admission with them.
    #[cold]
    #[inline(never)]
    fn miss(
        &self,
        quota: Quota,
        full_at: u64,
        bucket: &Bucket,
        lane: Option<u64>,
        cost: NonZeroU32,
        now: Tick,
    ) -> Option<Decision> {
        match engine::miss(quota, full_at, cost, now) {
            Some(refused) if refused.standing.is_beyond() => {
                self.mend(bucket, lane, now);
                engine::decide(self.quota.get(), bucket, cost, now)
            }
            missed => missed.map(Err),
        }
    }

    fn mend(&self, bucket: &Bucket, lane: Option<u64>, now: Tick) {
        // Nobody takes in advance while this is held, and no quota changes.
        let waiting = self.queue.stop();
        let quota = self.quota.get();
        let ahead = lane.map_or(0, |lane| waiting.cost_of(lane));
        let most = quota.window().saturating_add(quota.price(ahead));
        bucket.cap(bounded(now).saturating_add(most));
    }

    /// Counts a refusal, and says it in the common words.
    #[cold]
    pub(super) fn refuse(&self, refused: Refused) -> Rejection {
        match refused.refusal {
            Refusal::Until(delay) => self
                .reject(Reason::Rate, RejectKind::RateLimited)
                .retry_after(delay),
            Refusal::Never => self.reject(Reason::Cost, RejectKind::CostTooHigh),
        }
    }

    #[cold]
    pub(super) fn reject(&self, reason: Reason, kind: RejectKind) -> Rejection {
        self.counts.denied(reason);
        Rejection::new(kind, LAYER, self.name.clone())
    }

    pub(super) fn snapshot(&self, names: &Names) -> Snapshot {
        let quota = self.quota.get();
        let (waiting, burst) = (self.queue.len(), quota.burst().get());
        let each_second = 1.0 / quota.interval().as_secs_f64();
        self.counts
            .snapshot(names)
            .with(Metric::gauge(
                names.waiting,
                "requests that wait",
                f64::from(waiting),
            ))
            .with(Metric::gauge(names.burst, "most at once", f64::from(burst)))
            .with(Metric::gauge(names.rate, "units a second", each_second))
    }
}

/// Changes the quota of all buckets.
///
/// What a bucket has given keeps being given: units, not time. Who asks in between may be decided by either
/// quota; it never gets more than the burst of the new one on top of what the old one gave.
pub(super) fn set_quota(limited: &(impl Limited + ?Sized), to: Quota) {
    let core = limited.core();
    let changing = core.quota.begin();
    let from = core.quota.get();
    if from == to {
        return;
    }
    let waiting = core.queue.stop();
    let now = bounded(core.clock.now());
    let rescale = || {
        limited.each_bucket(&mut |lane, bucket| {
            let ahead = lane.map_or(0, |lane| waiting.cost_of(lane));
            bucket.rescale(from, to, ahead, now);
        });
    };
    // A unit that is taken in between is priced by the quota that makes it cost more.
    if to.nanos() < from.nanos() {
        rescale();
        core.quota.set(to, &changing);
    } else {
        core.quota.set(to, &changing);
        rescale();
    }
    // Everybody's time has changed.
    waiting.wake_all();
    drop(changing);
    tracing::info!(target: TARGET, name = %core.name, %from, %to, "rate limit changed");
}

/// What can be done to a limiter from outside.
pub(super) const CONTROLS: &[Control] = &[
    Control {
        action: "set_quota",
        help: "changes the quota; what is taken stays taken",
        argument: text::FORM,
    },
    Control {
        action: "set_max_waiting",
        help: "changes how many may wait at once",
        argument: MAX_WAITING_FORM,
    },
];

const MAX_WAITING_FORM: &str = "0 to 65536";

/// Does one of [`CONTROLS`].
pub(super) fn control(
    limited: &impl Limited,
    action: &str,
    argument: Option<&str>,
) -> Result<(), ControlError> {
    match action {
        "set_quota" => {
            let quota = argument.and_then(|text| text.parse().ok());
            let quota =
                quota.ok_or_else(|| ControlError::argument(action, argument, text::FORM))?;
            set_quota(limited, quota);
        }
        "set_max_waiting" => {
            let most = argument.and_then(|text| text.parse().ok());
            let most = most
                .filter(|most| super::config::MAX_WAITING.contains(most))
                .ok_or_else(|| ControlError::argument(action, argument, MAX_WAITING_FORM))?;
            limited.core().queue.set_max(most);
        }
        _ => return Err(ControlError::unknown(action, CONTROLS)),
    }
    Ok(())
}
