//! The buckets of a keyed limiter.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ovasabi_core::inspect::{Control, ControlError, Inspect, Metric, Snapshot};
use ovasabi_core::reject::Name;
use ovasabi_core::time::Tick;

use super::bucket::{Bucket, bounded};
use super::counts::Names;
use super::engine::{self, Decision, Refusal, Refused, never};
use super::keyed::KIND;
use super::seed::Seed;
use super::shared::{CONTROLS, Core, Limited, control};
use super::store::{Full, Lines};
use super::{Quota, Standing, WhenFull};

/// What all handles of a keyed limiter share.
pub(super) struct State {
    pub(super) core: Core,
    pub(super) seed: Seed,
    pub(super) lines: Lines,
    pub(super) capacity: usize,
    pub(super) denies_when_full: AtomicBool,
    pub(super) overflowed: AtomicU64,
}

impl State {
    pub(super) fn new(core: Core, capacity: usize, when_full: WhenFull) -> Self {
        Self {
            core,
            seed: Seed::random(),
            lines: Lines::new(capacity),
            capacity,
            denies_when_full: AtomicBool::new(when_full == WhenFull::Deny),
            overflowed: AtomicU64::new(0),
        }
    }

    #[inline(always)]
    pub(super) fn decide(&self, fingerprint: u64, cost: NonZeroU32, now: Tick) -> Decision {
        let quota = self.core.quota.get();
        let take = |bucket: &Bucket| engine::take(quota, bucket, cost, now).ok();
        match self.lines.visit_home(fingerprint, take) {
            Some(standing) => Ok(standing),
            None => self.settle(fingerprint, cost, now),
        }
    }

    /// The rest of [`Self::decide`], from its beginning: for a key that is refused, or new, or not where it is
    /// looked for first.
    #[cold]
    #[inline(never)]
    fn settle(&self, fingerprint: u64, cost: NonZeroU32, now: Tick) -> Decision {
        let quota = self.core.quota.get();
        // What can never be admitted takes no place from others.
        if cost > quota.burst() {
            return Err(never(quota, 0, bounded(now)));
        }
        let decide = |bucket: &Bucket| self.core.decide(bucket, Some(fingerprint), cost, now);
        match self.lines.visit(fingerprint, now, decide) {
            Ok(decision) => decision,
            Err(full) => self.overflow(quota, cost, now, &full),
        }
    }

    fn overflow(&self, quota: Quota, cost: NonZeroU32, now: Tick, full: &Full<'_>) -> Decision {
        self.overflowed.fetch_add(1, Ordering::Relaxed);
        let shared = (!self.denies_when_full.load(Ordering::Relaxed))
            // It has a bucket for as long as there are lines: it is never given to one key.
            .then(|| self.core.decide(full.overflow, None, cost, now))
            .flatten();
        shared.unwrap_or_else(|| {
            Err(Refused {
                refusal: Refusal::Until(full.frees_in),
                standing: Standing::new(quota, u64::MAX, bounded(now)),
            })
        })
    }
}

impl Limited for State {
    fn core(&self) -> &Core {
        &self.core
    }

    fn bucket(&self, lane: u64) -> Option<&Bucket> {
        self.lines.find(lane)
    }

    fn each_bucket(&self, visit: &mut dyn FnMut(Option<u64>, &Bucket)) {
        self.lines
            .buckets()
            .for_each(|(lane, bucket)| visit(lane, bucket));
    }
}

const NAMES: Names = Names {
    denied: "keyed_rate_limiter.denied",
    waited: "keyed_rate_limiter.waited",
    waiting: "keyed_rate_limiter.waiting",
    burst: "keyed_rate_limiter.burst",
    rate: "keyed_rate_limiter.rate",
};

impl Inspect for State {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name(&self) -> &Name {
        &self.core.name
    }

    fn snapshot(&self) -> Snapshot {
        let overflowed = self.overflowed.load(Ordering::Relaxed);
        let live = u32::try_from(self.lines.live(self.core.clock.now())).unwrap_or(u32::MAX);
        self.core
            .snapshot(&NAMES)
            .with(Metric::counter(
                "keyed_rate_limiter.overflowed",
                "requests without a place",
                overflowed,
            ))
            .with(Metric::gauge(
                "keyed_rate_limiter.live_keys",
                "keys not as new",
                f64::from(live),
            ))
    }

    fn controls(&self) -> &'static [Control] {
        CONTROLS
    }

    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        control(self, action, argument)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedRateLimiter")
            .field("name", &self.core.name)
            .field("quota", &self.core.quota.get())
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
