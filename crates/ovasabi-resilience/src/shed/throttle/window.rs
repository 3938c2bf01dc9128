//! The requests of the last so many seconds, and how many of them were accepted.

use std::time::Duration;

use ovasabi_core::time::Tick;

use super::super::sync::{AtomicU64, Line, Mutex, Ordering, lock};

/// Buckets in a window: it slides by tenths.
const BUCKETS: u64 = 10;
/// More than [`BUCKETS`], so that finding a slot is a mask and not a division.
const SLOTS: usize = 16;
const SLOT_MASK: u64 = 15;

/// Requests, and how many of them the service took on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) requests: u64,
    pub(super) accepts: u64,
}

/// Ten buckets, of which the newest is being filled. A bucket is one word, `accepts << 32 | requests`, so that
/// one addition counts a request.
///
/// A request counts into the newest bucket, which is that of the last [`turn`](Self::turn). A clock that goes
/// backwards or stands still counts into the newest bucket.
#[derive(Debug)]
pub(super) struct Window {
    /// When the newest bucket ends, in nanoseconds.
    ends: AtomicU64,
    epoch: AtomicU64,
    /// The nine buckets before the newest, as of when it began; a word as theirs.
    older: AtomicU64,
    /// Requests in buckets that are gone.
    retired: AtomicU64,
    /// Nanoseconds that a bucket takes, at least 1. Held while buckets are emptied: a request must not be
    /// counted into one that is about to be.
    width: Mutex<u64>,
    slots: Line<[AtomicU64; SLOTS]>,
}

const ACCEPT: u64 = 1 << 32;
const REQUESTS: u64 = ACCEPT - 1;

impl Window {
    pub(super) fn new(length: Duration) -> Self {
        Self {
            ends: AtomicU64::new(0),
            epoch: AtomicU64::new(0),
            older: AtomicU64::new(0),
            retired: AtomicU64::new(0),
            width: Mutex::new(width(length)),
            slots: Line(std::array::from_fn(|_| AtomicU64::new(0))),
        }
    }

    /// Begins the bucket of `now`, if the newest is over.
    #[inline(always)]
    pub(super) fn turn(&self, now: Tick) {
        // Acquire: whoever sees that a bucket has begun sees it empty.
        if now.as_nanos() >= self.ends.load(Ordering::Acquire) {
            self.turn_to(now.as_nanos());
        }
    }

    #[cold]
    fn turn_to(&self, now: u64) {
        let width = lock(&self.width);
        let ends = self.ends.load(Ordering::Relaxed);
        if now < ends {
            return;
        }
        let passed = passed(now, ends, *width);
        let epoch = self.epoch.load(Ordering::Relaxed).saturating_add(passed);
        for back in 0..passed.min(BUCKETS) {
            self.empty(epoch - back);
        }
        let older = self.sum_of(epoch.saturating_sub(BUCKETS - 1), epoch);
        self.older.store(pack(older), Ordering::Relaxed);
        // Release: whoever sees the new epoch sees its bucket empty.
        self.epoch.store(epoch, Ordering::Release);
        let ends = ends.saturating_add(passed.saturating_mul(*width));
        self.ends.store(ends, Ordering::Release);
    }

    /// Counts one request.
    #[inline(always)]
    pub(super) fn add(&self, is_accepted: bool) {
        let one = if is_accepted { ACCEPT | 1 } else { 1 };
        // Relaxed: the counts stand alone.
        self.slot(self.epoch.load(Ordering::Acquire))
            .fetch_add(one, Ordering::Relaxed);
    }

    /// The requests in the window, as of the last [`turn`](Self::turn): two words, whatever the load.
    ///
    /// A bucket that begins meanwhile may be counted twice, with its requests and its accepts alike.
    #[inline(always)]
    pub(super) fn counts(&self) -> Counts {
        let newest = self.slot(self.epoch.load(Ordering::Acquire));
        unpack(self.older.load(Ordering::Relaxed)) + unpack(newest.load(Ordering::Relaxed))
    }

    /// The requests in the window at `now`, and in no bucket that is over by then.
    pub(super) fn counts_at(&self, now: Tick) -> Counts {
        let width = lock(&self.width);
        let ends = self.ends.load(Ordering::Relaxed);
        let passed = if now.as_nanos() < ends {
            0
        } else {
            passed(now.as_nanos(), ends, *width)
        };
        let epoch = self.epoch.load(Ordering::Relaxed);
        let oldest = epoch.saturating_add(passed).saturating_sub(BUCKETS - 1);
        self.sum_of(oldest, epoch.saturating_add(1))
    }

    /// Makes buckets that begin from now on a tenth of `length`. The others keep their counts, and drop out
    /// when ten have begun after them.
    pub(super) fn set_length(&self, length: Duration, now: Tick) {
        let mut held = lock(&self.width);
        *held = width(length);
        // One that began under a longer length ends as early as a new one would.
        let ends = self.ends.load(Ordering::Relaxed);
        let ends = ends.min(now.as_nanos().saturating_add(*held));
        self.ends.store(ends, Ordering::Release);
    }

    /// How many requests were ever counted.
    pub(super) fn lifetime(&self) -> u64 {
        let _still = lock(&self.width);
        let living: u64 = self.slots.0.iter().map(requests_in).sum();
        // Relaxed: a counter for people, which stands alone.
        self.retired.load(Ordering::Relaxed).saturating_add(living)
    }

    /// The sum of buckets from `oldest` to before `end`.
    fn sum_of(&self, oldest: u64, end: u64) -> Counts {
        (oldest..end).fold(Counts::default(), |sum, epoch| {
            sum + unpack(self.slot(epoch).load(Ordering::Relaxed))
        })
    }

    fn empty(&self, epoch: u64) {
        let counts = self.slot(epoch).swap(0, Ordering::Relaxed);
        self.retired.fetch_add(counts & REQUESTS, Ordering::Relaxed);
    }

    #[inline]
    fn slot(&self, epoch: u64) -> &AtomicU64 {
        // Masked to the length of the array: it cannot panic.
        &self.slots.0[(epoch & SLOT_MASK) as usize]
    }
}

impl std::ops::Add for Counts {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            accepts: self.accepts + other.accepts,
        }
    }
}

fn width(length: Duration) -> u64 {
    (u64::try_from(length.as_nanos()).unwrap_or(u64::MAX) / BUCKETS).max(1)
}

/// How many buckets begin between the end of the newest and `now`, which is not before it.
fn passed(now: u64, ends: u64, width: u64) -> u64 {
    ((now - ends) / width).saturating_add(1)
}

fn requests_in(slot: &AtomicU64) -> u64 {
    slot.load(Ordering::Relaxed) & REQUESTS
}

#[inline]
fn unpack(word: u64) -> Counts {
    Counts {
        requests: word & REQUESTS,
        accepts: word / ACCEPT,
    }
}

/// Nine buckets in a word. Where they are too many, both are halved until they fit: what is asked of them is
/// how they compare.
fn pack(mut counts: Counts) -> u64 {
    while counts.requests > REQUESTS {
        counts.requests /= 2;
        counts.accepts /= 2;
    }
    (counts.accepts * ACCEPT) | counts.requests
}
