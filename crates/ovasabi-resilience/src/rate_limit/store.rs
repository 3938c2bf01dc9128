//! Buckets in bounded memory: one word for one, lines of words for many.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::nanos::Nanos;
use ovasabi_core::time::Tick;

/// One bucket. Zero is the empty one, as it is for governor.
#[derive(Debug, Default)]
pub(super) struct Bucket(AtomicU64);

/// What a bucket says while its place goes from one key to another. Later than any time that it can hold.
const MOVING: u64 = u64::MAX;

/// Clocks that claim to be later than this (292 years) stand still here, so that sums stay in 64 bits.
const LATEST: u64 = u64::MAX / 2;

/// The time that decisions are made at.
pub(super) fn bounded(now: Tick) -> u64 {
    now.as_nanos().min(LATEST)
}

impl Bucket {
    /// Takes part in a decision: GCRA's whole state is the theoretical arrival time, so one
    /// compare-and-swap is all the locking there is. `None` when the place is just being given away.
    pub(super) fn update<T, E>(
        &self,
        decide: impl Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    ) -> Option<Result<T, E>> {
        // Acquire pairs with the release in `claim`: who sees the bucket of a new key sees its fingerprint.
        let mut known = self.0.load(Ordering::Acquire);
        while known != MOVING {
            let (value, next) = match decide((known != 0).then(|| Nanos::new(known))) {
                Ok(admitted) => admitted,
                Err(refused) => return Some(Err(refused)),
            };
            match self.0.compare_exchange_weak(
                known,
                next.as_u64(),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Some(Ok(value)),
                Err(changed) => known = changed,
            }
        }
        None
    }
}

/// How many places a key may take: a line of eight is two cache lines.
const WAYS: usize = 8;

/// Buckets of many keys, in lines. A key hashes to one line and may take any place in it.
///
/// Keys are not kept, only 64-bit fingerprints: two keys with the same one share a bucket, which happens
/// to a pair among 10⁶ with a chance of about 3·10⁻⁸.
///
/// A key that has a place is decided without a lock. One that has none takes the lock of its line, so that
/// no place goes to two keys and no key gets two places.
#[derive(Debug)]
pub(super) struct Lines {
    lines: Box<[Line]>,
    /// Apart from the lines, so that those fill their cache lines exactly.
    doors: Box<[Door]>,
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct Line([Place; WAYS]);

#[derive(Debug, Default)]
struct Place {
    /// Zero when nobody has ever taken it. Changes only under the lock of the line's door.
    fingerprint: AtomicU64,
    bucket: Bucket,
}

#[derive(Debug, Default)]
struct Door {
    claims: Mutex<()>,
    overflow: Bucket,
}

/// All places of a line are taken by live keys.
#[derive(Debug)]
pub(super) struct Full<'a> {
    /// When the first of them can be as good as new.
    pub(super) frees_in: Duration,
    /// Shared by the keys that find no place, when they are not to be refused.
    pub(super) overflow: &'a Bucket,
}

impl Lines {
    /// Places for `capacity` keys, rounded up to whole lines, whose number is a power of two.
    pub(super) fn new(capacity: usize) -> Self {
        let count = capacity.div_ceil(WAYS).next_power_of_two();
        Self {
            lines: (0..count).map(|_| Line::default()).collect(),
            doors: (0..count).map(|_| Door::default()).collect(),
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.lines.len() * WAYS
    }

    /// How many places hold a key that is not as good as new.
    pub(super) fn live(&self, now: Tick) -> usize {
        let now = bounded(now);
        let places = self.lines.iter().flat_map(|line| &line.0);
        places.filter(|place| !place.is_free(now)).count()
    }

    /// Decides with the bucket of a fingerprint, which is given a place if it has none.
    pub(super) fn visit<T>(
        &self,
        fingerprint: u64,
        now: Tick,
        decide: impl Fn(&Bucket) -> Option<T>,
    ) -> Result<T, Full<'_>> {
        let now = bounded(now);
        // Zero marks a free place, so the key with that fingerprint takes the next one.
        let fingerprint = fingerprint.max(1);
        let index = self.index(fingerprint);
        let (line, door) = (&self.lines[index], &self.doors[index]);
        loop {
            if let Some(place) = line.find(fingerprint) {
                // If the place went to another key in between, that one has paid, and this one pays again:
                // the mistake is a unit too many, never one too few.
                match decide(&place.bucket) {
                    Some(decision) if place.holds(fingerprint) => return Ok(decision),
                    _ => {}
                }
            }
            let _claiming = lock(&door.claims);
            let place = line
                .find(fingerprint)
                .or_else(|| line.claim(fingerprint, now));
            let Some(place) = place else {
                return Err(Full {
                    frees_in: line.frees_in(now),
                    overflow: &door.overflow,
                });
            };
            // Nothing moves while the door is locked, so this is the last word.
            if let Some(decision) = decide(&place.bucket) {
                return Ok(decision);
            }
        }
    }

    /// Always below the number of lines, which is a power of two.
    fn index(&self, fingerprint: u64) -> usize {
        // The upper half picks the line, so that fingerprints within a line still differ in all bits below.
        let upper = usize::try_from(fingerprint >> 32).unwrap_or(usize::MAX);
        upper & (self.lines.len() - 1)
    }
}

impl Line {
    fn find(&self, fingerprint: u64) -> Option<&Place> {
        self.0.iter().find(|place| place.holds(fingerprint))
    }

    /// Gives a place that is free or as good as new to a fingerprint. Only under the lock of the door.
    fn claim(&self, fingerprint: u64, now: u64) -> Option<&Place> {
        self.0.iter().find(|place| place.claim(fingerprint, now))
    }

    fn frees_in(&self, now: u64) -> Duration {
        let ends = self.0.iter().map(|place| place.full_at());
        Duration::from_nanos(ends.min().unwrap_or(now).saturating_sub(now))
    }
}

impl Place {
    fn holds(&self, fingerprint: u64) -> bool {
        self.fingerprint.load(Ordering::Acquire) == fingerprint
    }

    /// When a decision is the same as for a key that never came.
    fn full_at(&self) -> u64 {
        self.bucket.0.load(Ordering::Relaxed)
    }

    fn is_free(&self, now: u64) -> bool {
        self.full_at() <= now
    }

    fn claim(&self, fingerprint: u64, now: u64) -> bool {
        let known = self.full_at();
        // The bucket says who was first: if its key has come back since, it is live, and keeps its place.
        let is_won = known <= now
            && self
                .bucket
                .0
                .compare_exchange(known, MOVING, Ordering::Acquire, Ordering::Relaxed)
                .is_ok();
        if is_won {
            self.fingerprint.store(fingerprint, Ordering::Release);
            self.bucket.0.store(0, Ordering::Release);
        }
        is_won
    }
}

/// Nothing that can panic runs under the lock but decisions, which are arithmetic; the lock holds no data.
fn lock(door: &Mutex<()>) -> MutexGuard<'_, ()> {
    door.lock().unwrap_or_else(PoisonError::into_inner)
}
