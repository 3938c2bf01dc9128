//! Ten buckets, the newest of which is being filled.

use std::ops::Range;

use super::super::sync::{AtomicU64, Line, Mutex, Ordering, lock};
use super::{Outcome, Sum};

/// Buckets in a window: it slides by tenths.
pub(super) const BUCKETS: u64 = 10;

/// The same, for arrays.
const LIVING: usize = 10;

/// More than [`BUCKETS`], so that finding a slot is a mask and not a division.
const SLOTS: usize = 16;
const SLOT_MASK: u64 = 15;

/// A bucket is one word, `failures << 32 | calls`, so that one addition counts a call. Slow calls have a
/// word of their own, touched by slow calls alone.
#[derive(Debug)]
pub(super) struct Ring {
    epoch: AtomicU64,
    /// Calls in the nine buckets before the newest, as of when it began.
    older: AtomicU64,
    /// Calls in buckets that are gone.
    retired: AtomicU64,
    /// Held while old buckets are emptied: a call must not be counted into one that is about to be.
    turning: Mutex<()>,
    counts: Line<[AtomicU64; SLOTS]>,
    slow: Line<[AtomicU64; SLOTS]>,
}

const FAILURE: u64 = 1 << 32;
const CALLS: u64 = FAILURE - 1;

impl Ring {
    pub(super) fn new() -> Self {
        Self {
            epoch: AtomicU64::new(0),
            older: AtomicU64::new(0),
            retired: AtomicU64::new(0),
            turning: Mutex::new(()),
            counts: Line(std::array::from_fn(|_| AtomicU64::new(0))),
            slow: Line(std::array::from_fn(|_| AtomicU64::new(0))),
        }
    }

    /// The number of the newest bucket.
    #[inline]
    pub(super) fn epoch(&self) -> u64 {
        // Acquire: a bucket is seen no earlier than it was emptied.
        self.epoch.load(Ordering::Acquire)
    }

    /// Calls in the bucket `epoch`.
    #[inline]
    pub(super) fn calls_in(&self, epoch: u64) -> u64 {
        slot(&self.counts, epoch).load(Ordering::Relaxed) & CALLS
    }

    /// Counts a call into the bucket `epoch`; see [`Window::record`](super::Window::record).
    #[inline]
    pub(super) fn add(&self, epoch: u64, outcome: Outcome, minimum: u64) -> bool {
        // SeqCst here and in `sum`: of two calls that end at once, the later to judge sees both.
        let one = if outcome.failed { FAILURE | 1 } else { 1 };
        if outcome.slow {
            slot(&self.slow, epoch).fetch_add(1, Ordering::SeqCst);
        }
        let earlier = slot(&self.counts, epoch).fetch_add(one, Ordering::SeqCst) & CALLS;
        earlier == 0 || earlier + self.older.load(Ordering::Relaxed) < minimum
    }

    /// Makes `epoch` the newest bucket, unless a later one is already; tells which one is. It is asked for when
    /// nobody else turns.
    #[cold]
    pub(super) fn turn_to(&self, epoch: impl FnOnce() -> u64) -> u64 {
        let _turning = lock(&self.turning);
        let (epoch, newest) = (epoch(), self.epoch());
        if epoch <= newest {
            return newest;
        }
        let entered = (epoch - newest).min(BUCKETS);
        for back in 0..entered {
            self.empty(epoch - back);
        }
        self.begin(epoch);
        epoch
    }

    /// Gives the buckets other numbers: `plan` takes the newest and tells its new number, and that of any other.
    /// A call that ends meanwhile may be counted into no bucket of the window.
    pub(super) fn renumber<F: Fn(u64) -> u64>(&self, plan: impl FnOnce(u64) -> (u64, F)) {
        let _turning = lock(&self.turning);
        let old = self.epoch();
        let (newest, number) = plan(old);
        let mut kept = [(0, 0); LIVING];
        for epoch in old.saturating_sub(BUCKETS - 1)..=old {
            let place = usize::try_from(newest.saturating_sub(number(epoch)));
            let kept = place.ok().and_then(|place| kept.get_mut(place));
            let Some((counts, slow)) = kept else { continue };
            let found = slot(&self.counts, epoch).load(Ordering::SeqCst);
            if (*counts & CALLS) + (found & CALLS) <= CALLS {
                *counts += slot(&self.counts, epoch).swap(0, Ordering::SeqCst);
                *slow += slot(&self.slow, epoch).swap(0, Ordering::SeqCst);
            }
        }
        for index in 0..=SLOT_MASK {
            self.empty(index);
        }
        for (back, (counts, slow)) in (0..).zip(kept) {
            let epoch = newest.saturating_sub(back);
            slot(&self.counts, epoch).fetch_add(counts, Ordering::SeqCst);
            slot(&self.slow, epoch).fetch_add(slow, Ordering::SeqCst);
        }
        self.begin(newest);
    }

    /// Forgets the oldest buckets, until no more than so many calls are left, or the newest bucket alone.
    pub(super) fn keep(&self, calls: u64) {
        let _turning = lock(&self.turning);
        let newest = self.epoch();
        let mut kept = self.calls_in(newest);
        for back in 1..BUCKETS.min(newest + 1) {
            kept += self.calls_in(newest - back);
            if kept > calls {
                self.empty(newest - back);
            }
        }
        self.begin(newest);
    }

    /// Makes `epoch` the newest bucket. The lock is held.
    fn begin(&self, epoch: u64) {
        self.older.store(
            self.sum_of(epoch.saturating_sub(BUCKETS - 1)..epoch).calls,
            Ordering::Relaxed,
        );
        // Release: whoever sees the new epoch sees its bucket empty.
        self.epoch.store(epoch, Ordering::Release);
    }

    /// The calls of the ten buckets up to `newest`, which is at least the current epoch.
    pub(super) fn sum(&self, newest: u64) -> Sum {
        self.sum_of(newest.saturating_sub(BUCKETS - 1)..self.epoch() + 1)
    }

    pub(super) fn clear(&self) {
        let _turning = lock(&self.turning);
        for index in 0..=SLOT_MASK {
            self.empty(index);
        }
        self.older.store(0, Ordering::Relaxed);
    }

    /// How many calls were ever counted.
    pub(super) fn lifetime(&self) -> u64 {
        let living = (0..=SLOT_MASK).map(|index| self.calls_in(index)).sum();
        // Relaxed: a counter for people, which stands alone.
        self.retired.load(Ordering::Relaxed).saturating_add(living)
    }

    fn sum_of(&self, epochs: Range<u64>) -> Sum {
        let mut sum = Sum::default();
        for epoch in epochs {
            let counts = slot(&self.counts, epoch).load(Ordering::SeqCst);
            sum.calls += counts & CALLS;
            sum.failures += counts / FAILURE;
            sum.slow += slot(&self.slow, epoch).load(Ordering::SeqCst);
        }
        sum
    }

    fn empty(&self, epoch: u64) {
        let counts = slot(&self.counts, epoch).swap(0, Ordering::SeqCst);
        slot(&self.slow, epoch).store(0, Ordering::SeqCst);
        self.retired.fetch_add(counts & CALLS, Ordering::Relaxed);
    }
}

#[inline]
fn slot(slots: &Line<[AtomicU64; SLOTS]>, epoch: u64) -> &AtomicU64 {
    // Masked to the length of the array: it cannot panic.
    &slots.0[(epoch & SLOT_MASK) as usize]
}
