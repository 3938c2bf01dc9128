//! Buckets of many keys in bounded memory.

use std::time::Duration;

use ovasabi_core::time::Tick;

use super::bucket::{Bucket, bounded};
use super::line::{Line, Place, WAYS};
use super::sync::{Mutex, lock};

/// Seven places for four keys. A key has two lines of eight, so that of as many live keys as the capacity
/// says, at least 99 in 100 have a place of their own.
const PLACES: usize = 7;
const KEYS: usize = 4;

/// More are not needed to keep threads apart.
const MOST_DOORS: usize = 1_024;

/// Buckets of many keys, in lines. A key hashes to two lines, and takes a place in the second only when the
/// first is full. In both it prefers the same half, so that nearly all look-ups touch one cache line.
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
        let places = self
            .places()
            .map(|place| (Some(place.fingerprint()), &place.bucket));
        places.chain(self.overflow.iter().map(|bucket| (None, bucket)))
    }

    /// [`Self::visit`] for a key whose place is where it is looked for first. `None` for one that has none there,
    /// or is just losing it.
    #[inline(always)]
    pub(super) fn visit_home<T>(
        &self,
        fingerprint: u64,
        decide: impl Fn(&Bucket) -> Option<T>,
    ) -> Option<T> {
        let line = self.lines.get(self.home(fingerprint))?;
        line.find_near(fingerprint)?.decide(fingerprint, decide)
    }

    /// Decides with the bucket of a fingerprint, which is given a place if it has none.
    pub(super) fn visit<T>(
        &self,
        fingerprint: u64,
        now: Tick,
        decide: impl Fn(&Bucket) -> Option<T>,
    ) -> Result<T, Full<'_>> {
        let place = self.lookup(fingerprint);
        match place.and_then(|place| place.decide(fingerprint, &decide)) {
            Some(decision) => Ok(decision),
            None => self.settle(fingerprint, now, decide),
        }
    }

    /// The bucket of a fingerprint, if it has a place.
    pub(super) fn find(&self, fingerprint: u64) -> Option<&Bucket> {
        self.lookup(fingerprint).map(|place| &place.bucket)
    }

    /// [`Self::visit`] for a key that has no place, as far as can be seen without a lock.
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
            if let Some(decision) = place.decide(fingerprint, &decide) {
                return Ok(decision);
            }
        }
    }

    fn lookup(&self, fingerprint: u64) -> Option<&Place> {
        let home = self.lines[self.home(fingerprint)].find(fingerprint);
        home.or_else(|| self.lines[self.away(fingerprint)].find(fingerprint))
    }

    /// The first line of a key: always below the number of lines.
    #[inline(always)]
    fn home(&self, fingerprint: u64) -> usize {
        scale(fingerprint >> 32, self.lines.len())
    }

    /// The second, from bits that the first has not seen.
    fn away(&self, fingerprint: u64) -> usize {
        scale(fingerprint & 0xffff_ffff, self.lines.len())
    }

    fn places(&self) -> impl Iterator<Item = &Place> {
        self.lines.iter().flat_map(Line::places)
    }
}

/// The fingerprint of a hash. Zero marks a place that nobody has taken, so the key with that one takes the next.
#[inline(always)]
pub(super) fn fingerprint(hash: u64) -> u64 {
    hash.max(1)
}

/// Maps 32 even bits to a number below `count`, which is below 2³².
#[inline(always)]
fn scale(bits: u64, count: usize) -> usize {
    ((bits * count as u64) >> 32) as usize
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
    fn as_many_keys_as_there_are_places_keep_them_though_they_are_as_good_as_new() {
        // All are full again long before they come again. Half of them prefer each half.
        let lines = Lines::new(1);
        for round in 0..5 {
            for key in 1..=WAYS as u64 {
                let now = Tick::from_nanos(1_000 * (10 * round + key));
                let taken = lines.visit(key, now, |bucket| bucket.take(1, 0, now.as_nanos()).ok());
                assert!(taken.is_ok());
            }
            for key in 1..=WAYS as u64 {
                assert!(lines.find(key).is_some(), "{key} in round {round}");
            }
        }
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
