//! Buckets of many keys in bounded memory.

use std::time::Duration;

use ovasabi_core::time::Tick;

use super::bucket::{Bucket, bounded};
use super::sync::{AtomicU64, Mutex, Ordering, lock};

/// How many places a line has: two cache lines.
const WAYS: usize = 8;

/// Seven places for four keys. A key has two lines of eight, so that of as many live keys as the capacity
/// says, at least 99 in 100 have a place of their own.
const PLACES: usize = 7;
const KEYS: usize = 4;

/// More are not needed to keep threads apart.
const MOST_DOORS: usize = 1_024;

/// Buckets of many keys, in lines. A key hashes to two lines, and takes a place in the second only when the
/// first is full.
///
/// Keys are not kept, only 64-bit fingerprints: two keys with the same one share a bucket, which happens
/// to a pair among 10⁶ with a chance of about 3·10⁻⁸.
///
/// A key that has a place is decided without a lock. One that has none takes the lock of its door, so that it
/// gets one place and not two. That a place goes to one key and not to two is decided by its bucket, whose
/// word says who was first to move in: keys with different doors may want the same place.
#[derive(Debug)]
pub(super) struct Lines {
    lines: Box<[Line]>,
    doors: Box<[Mutex<()>]>,
    /// For the keys that find no place, one for each line, apart so that lines fill their cache lines exactly.
    overflow: Box<[Bucket]>,
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct Line([Place; WAYS]);

#[derive(Debug, Default)]
struct Place {
    /// Zero when nobody has ever taken it. Changes only while the bucket moves.
    fingerprint: AtomicU64,
    bucket: Bucket,
}

/// All places of a key are taken by live ones.
#[derive(Debug)]
pub(super) struct Full<'a> {
    /// When the first of them can be as good as new.
    pub(super) frees_in: Duration,
    /// Shared by the keys that find no place, when they are not to be refused.
    pub(super) overflow: &'a Bucket,
}

impl Lines {
    /// Places for `capacity` keys, at least one line.
    pub(super) fn new(capacity: usize) -> Self {
        let places = capacity.saturating_mul(PLACES) / KEYS;
        let count = places.div_ceil(WAYS).max(1);
        Self {
            lines: (0..count).map(|_| Line::default()).collect(),
            doors: (0..count.min(MOST_DOORS)).map(|_| Mutex::new(())).collect(),
            overflow: (0..count).map(|_| Bucket::default()).collect(),
        }
    }

    /// How many bytes it takes, from the start and for ever.
    pub(super) fn memory(&self) -> usize {
        size_of_val(&*self.lines) + size_of_val(&*self.doors) + size_of_val(&*self.overflow)
    }

    /// How many places hold a key that is not as good as new.
    pub(super) fn live(&self, now: Tick) -> usize {
        let now = bounded(now);
        self.places().filter(|place| !place.is_free(now)).count()
    }

    /// All buckets, with the fingerprint of the key that has it.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (Option<u64>, &Bucket)> {
        let places = self.places().map(|place| {
            (
                Some(place.fingerprint.load(Ordering::Acquire)),
                &place.bucket,
            )
        });
        places.chain(self.overflow.iter().map(|bucket| (None, bucket)))
    }

    /// Decides with the bucket of a fingerprint, which is given a place if it has none.
    #[inline]
    pub(super) fn visit<T>(
        &self,
        fingerprint: u64,
        now: Tick,
        decide: impl Fn(&Bucket) -> Option<T>,
    ) -> Result<T, Full<'_>> {
        if let Some(place) = self.lookup(fingerprint)
            && let Some(decision) = decide(&place.bucket)
            // If the place went to another key in between, that one has paid, and this one pays again: the
            // mistake is a unit too many, never one too few.
            && place.holds(fingerprint)
        {
            return Ok(decision);
        }
        self.settle(fingerprint, now, decide)
    }

    /// The bucket of a fingerprint, if it has a place.
    pub(super) fn find(&self, fingerprint: u64) -> Option<&Bucket> {
        self.lookup(fingerprint).map(|place| &place.bucket)
    }

    /// [`Self::visit`] for a key that has no place, as far as can be seen without a lock.
    #[inline(never)]
    fn settle<T>(
        &self,
        fingerprint: u64,
        now: Tick,
        decide: impl Fn(&Bucket) -> Option<T>,
    ) -> Result<T, Full<'_>> {
        let now = bounded(now);
        let home = self.home(fingerprint);
        let away = self.away(fingerprint);
        let door = &self.doors[home % self.doors.len()];
        loop {
            let _claiming = lock(door);
            let place = self.lookup(fingerprint).or_else(|| {
                let claimed = self.lines[home].claim(fingerprint, now);
                claimed.or_else(|| self.lines[away].claim(fingerprint, now))
            });
            let Some(place) = place else {
                let free = [home, away].map(|line| self.lines[line].full_at());
                let first = free.into_iter().min().unwrap_or(now);
                return Err(Full {
                    frees_in: Duration::from_nanos(first.saturating_sub(now)),
                    overflow: &self.overflow[home],
                });
            };
            // Another key may move in before this one has paid, if it is as good as new: then it asks again.
            if let Some(decision) = decide(&place.bucket)
                && place.holds(fingerprint)
            {
                return Ok(decision);
            }
        }
    }

    #[inline]
    fn lookup(&self, fingerprint: u64) -> Option<&Place> {
        let home = self.lines[self.home(fingerprint)].find(fingerprint);
        home.or_else(|| self.lines[self.away(fingerprint)].find(fingerprint))
    }

    /// The first line of a key: always below the number of lines.
    #[inline]
    fn home(&self, fingerprint: u64) -> usize {
        scale(fingerprint >> 32, self.lines.len())
    }

    /// The second, from bits that the first has not seen.
    #[inline]
    fn away(&self, fingerprint: u64) -> usize {
        scale(fingerprint & 0xffff_ffff, self.lines.len())
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        self.lines.iter().flat_map(|line| &line.0)
    }
}

/// The fingerprint of a hash. Zero marks a place that nobody has taken, so the key with that one takes the next.
#[inline]
pub(super) fn fingerprint(hash: u64) -> u64 {
    hash.max(1)
}

/// Maps 32 even bits to a number below `count`, which is below 2³².
#[inline]
fn scale(bits: u64, count: usize) -> usize {
    ((bits * count as u64) >> 32) as usize
}

impl Line {
    #[inline]
    fn find(&self, fingerprint: u64) -> Option<&Place> {
        self.0.iter().find(|place| place.holds(fingerprint))
    }

    /// Gives a place that is free or as good as new to a fingerprint. Only under the lock of its door.
    fn claim(&self, fingerprint: u64, now: u64) -> Option<&Place> {
        self.0.iter().find(|place| place.claim(fingerprint, now))
    }

    /// When the first of its places can be as good as new.
    fn full_at(&self) -> u64 {
        let ends = self.0.iter().map(|place| place.bucket.full_at());
        ends.min().unwrap_or(0)
    }
}

impl Place {
    #[inline]
    fn holds(&self, fingerprint: u64) -> bool {
        self.fingerprint.load(Ordering::Acquire) == fingerprint
    }

    fn is_free(&self, now: u64) -> bool {
        self.bucket.full_at() <= now
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::bucket::MOVING;
    use super::*;

    /// Takes all that a bucket has for an hour.
    fn take(bucket: &Bucket, now: u64) -> Option<Result<(), ()>> {
        match bucket.take(3_600_000_000_000, 0, now) {
            Ok(_) => Some(Ok(())),
            Err(MOVING) => None,
            Err(_) => Some(Err(())),
        }
    }

    #[test]
    fn a_key_whose_place_is_given_away_while_it_is_decided_is_decided_anew() {
        let lines = Lines::new(1);
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
