//! Buckets of many keys in bounded memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ovasabi_core::time::Tick;

use super::bucket::{Bucket, bounded};

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
        self.bucket.full_at()
    }

    fn is_free(&self, now: u64) -> bool {
        self.full_at() <= now
    }

    fn claim(&self, fingerprint: u64, now: u64) -> bool {
        let is_won = self.bucket.begin_move(now);
        if is_won {
            self.fingerprint.store(fingerprint, Ordering::Release);
            self.bucket.end_move();
        }
        is_won
    }
}

/// Nothing that can panic runs under the lock but decisions, which are arithmetic; the lock holds no data.
fn lock(door: &Mutex<()>) -> MutexGuard<'_, ()> {
    door.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use governor::nanos::Nanos;

    use super::*;

    /// Takes all that a bucket has for an hour.
    fn take(bucket: &Bucket, now: u64) -> Option<Result<(), ()>> {
        let hour = 3_600_000_000_000;
        bucket.update(|known| match known {
            Some(until) if until.as_u64() > now => Err(()),
            _ => Ok(((), Nanos::new(now + hour))),
        })
    }

    #[test]
    fn a_key_whose_place_is_given_away_while_it_is_decided_is_decided_anew() {
        let lines = Lines::new(WAYS);
        let now = Tick::from_nanos(1);
        // It has a place, and is as good as new: another may have it.
        let _ = lines.visit(100, Tick::ZERO, |_| Some(()));
        let is_first = Cell::new(true);
        let decided = lines.visit(100, now, |bucket| {
            if is_first.replace(false) {
                for other in 1..=WAYS as u64 {
                    assert_eq!(
                        lines.visit(other, now, |bucket| take(bucket, 1)).unwrap(),
                        Ok(())
                    );
                }
            }
            take(bucket, 1)
        });
        assert!(decided.is_err(), "its line is full of others");
        assert_eq!(lines.live(now), WAYS);
    }

    #[test]
    fn a_key_that_comes_back_first_keeps_its_place() {
        let bucket = Bucket::default();
        assert_eq!(take(&bucket, 1), Some(Ok(())));
        assert!(!bucket.begin_move(2), "it is live");
        assert!(bucket.begin_move(bucket.full_at()));
        assert_eq!(take(&bucket, 1), None, "on its way to another key");
        assert!(
            !bucket.begin_move(bounded(Tick::MAX)),
            "only one may have it"
        );
        bucket.end_move();
        assert_eq!(take(&bucket, 1), Some(Ok(())));
    }
}
