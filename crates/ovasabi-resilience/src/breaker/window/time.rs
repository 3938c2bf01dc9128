//! The calls of the last so many seconds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ovasabi_core::time::Tick;

use super::super::rules::nanos;
use super::ring::{BUCKETS, Ring};
use super::{Outcome, Sum};

/// Ten buckets, each a tenth of the length, aligned to the clock's start.
///
/// A call counts into the newest bucket, which is that of the last [`turn`](Self::turn).
/// A clock that goes backwards or stands still counts into the newest bucket.
#[derive(Debug)]
pub(in super::super) struct TimeWindow {
    ring: Ring,
    /// Nanoseconds that a bucket takes, at least 1. Written by who holds the ring's lock; relaxed, because one
    /// that is out of date only makes somebody ask for the lock in vain, or the next call turn.
    width: AtomicU64,
}

impl TimeWindow {
    pub(super) fn new(length: Duration) -> Self {
        Self {
            ring: Ring::new(),
            width: AtomicU64::new(width(length)),
        }
    }

    /// Takes another length. What is younger than both is kept, by tenths of the longer.
    pub(super) fn resize(&self, length: Duration, now: Tick) {
        let (old, new) = (self.width(), width(length));
        if old == new {
            return;
        }
        self.ring.renumber(|epoch| {
            self.width.store(new, Ordering::Relaxed);
            let latest = now.as_nanos().max(epoch.saturating_mul(old));
            let last_moment = move |epoch: u64| epoch.saturating_add(1).saturating_mul(old) - 1;
            let number = move |epoch| last_moment(epoch).min(latest) / new;
            (latest / new, number)
        });
    }

    /// Begins the bucket of `now`, if it is later than the newest.
    #[inline]
    pub(super) fn turn(&self, now: Tick) {
        let now = now.as_nanos();
        // The end of the bucket is a multiplication; the division waits until a bucket is over.
        if now
            >= self
                .ring
                .epoch()
                .saturating_add(1)
                .saturating_mul(self.width())
        {
            self.ring.turn_to(|| now / self.width());
        }
    }

    #[inline]
    pub(super) fn record(&self, outcome: Outcome, minimum: u64) -> bool {
        self.ring.add(self.ring.epoch(), outcome, minimum)
    }

    pub(super) fn sum(&self, now: Tick) -> Sum {
        self.ring
            .sum((now.as_nanos() / self.width()).max(self.ring.epoch()))
    }

    pub(super) fn clear(&self) {
        self.ring.clear();
    }

    pub(super) fn has_turned(&self, since: Tick, now: Tick) -> bool {
        now.as_nanos().saturating_sub(since.as_nanos()) >= self.width().saturating_mul(BUCKETS)
    }

    pub(super) fn lifetime(&self) -> u64 {
        self.ring.lifetime()
    }

    /// Nanoseconds of a tenth.
    #[inline]
    pub(super) fn width(&self) -> u64 {
        self.width.load(Ordering::Relaxed)
    }
}

fn width(length: Duration) -> u64 {
    (nanos(length) / BUCKETS).max(1)
}
