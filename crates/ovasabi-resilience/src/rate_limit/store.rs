//! Buckets in bounded memory: one word for one, lines of words for many.

use std::sync::atomic::{AtomicU64, Ordering};

use governor::nanos::Nanos;
use ovasabi_core::time::Tick;

/// One bucket. Zero is the empty one, as it is for governor.
#[derive(Debug, Default)]
pub(super) struct Bucket(AtomicU64);

impl Bucket {
    /// Takes part in a decision: GCRA's whole state is the theoretical arrival time, so one
    /// compare-and-swap is all the locking there is.
    pub(super) fn update<T, E>(
        &self,
        decide: impl Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    ) -> Result<T, E> {
        // Relaxed throughout: the word is all there is, nothing else is published through it.
        let mut known = self.0.load(Ordering::Relaxed);
        loop {
            let (value, next) = decide((known != 0).then(|| Nanos::new(known)))?;
            match self.0.compare_exchange_weak(
                known,
                next.as_u64(),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Ok(value),
                Err(changed) => known = changed,
            }
        }
    }

    /// Whether a decision at `now` would be the same as for a key that never came.
    fn is_as_new(&self, now: Tick) -> bool {
        self.0.load(Ordering::Relaxed) <= now.as_nanos()
    }
}

/// How many places a key may take: a line of eight is two cache lines.
const WAYS: usize = 8;

/// Buckets of many keys, in lines. A key hashes to one line and may take any place in it.
///
/// Keys are not kept, only 64-bit fingerprints: two keys with the same one share a bucket, which happens
/// to a pair among 10⁶ with a chance of about 3·10⁻⁸.
#[derive(Debug)]
pub(super) struct Lines(Box<[Line]>);

#[derive(Debug, Default)]
struct Line {
    places: [Place; WAYS],
    /// Shared by the keys that find no place, when they are not to be refused.
    overflow: Bucket,
}

#[derive(Debug, Default)]
struct Place {
    /// Zero when nobody has ever taken it.
    fingerprint: AtomicU64,
    bucket: Bucket,
}

impl Lines {
    /// Places for `capacity` keys, rounded up to whole lines, whose number is a power of two.
    pub(super) fn new(capacity: usize) -> Self {
        let lines = capacity.div_ceil(WAYS).next_power_of_two();
        Self((0..lines).map(|_| Line::default()).collect())
    }

    pub(super) fn capacity(&self) -> usize {
        self.0.len() * WAYS
    }

    /// How many places hold a key that is not as good as new.
    pub(super) fn live(&self, now: Tick) -> usize {
        let places = self.0.iter().flat_map(|line| &line.places);
        places
            .filter(|place| place.is_taken() && !place.bucket.is_as_new(now))
            .count()
    }

    /// The bucket of a fingerprint; `None` when its line is full of live keys.
    pub(super) fn bucket(&self, fingerprint: u64, now: Tick) -> Option<&Bucket> {
        // Zero marks a free place, so the key with that fingerprint takes the next one.
        let fingerprint = fingerprint.max(1);
        let line = self.line(fingerprint)?;
        loop {
            if let Some(place) = line.places.iter().find(|place| place.holds(fingerprint)) {
                return Some(&place.bucket);
            }
            let free = line
                .places
                .iter()
                .find(|place| !place.is_taken() || place.bucket.is_as_new(now))?;
            // Whether it was won or lost, the search starts again: if two threads bring the same new key,
            // both end at the first place that holds it.
            free.take(fingerprint);
        }
    }

    /// The bucket that all keys of a full line share.
    pub(super) fn overflow(&self, fingerprint: u64) -> Option<&Bucket> {
        Some(&self.line(fingerprint.max(1))?.overflow)
    }

    fn line(&self, fingerprint: u64) -> Option<&Line> {
        // The upper half picks the line, so that fingerprints within a line still differ in all bits below.
        let mask = self.0.len() - 1;
        let upper = usize::try_from(fingerprint >> 32).unwrap_or(usize::MAX);
        self.0.get(upper & mask)
    }
}

impl Place {
    fn holds(&self, fingerprint: u64) -> bool {
        self.fingerprint.load(Ordering::Relaxed) == fingerprint
    }

    fn is_taken(&self) -> bool {
        self.fingerprint.load(Ordering::Relaxed) != 0
    }

    /// Takes a place that is free or as good as new. The bucket stays as it is: at this time it decides
    /// like an empty one, and clearing it would race with whoever takes it next.
    fn take(&self, fingerprint: u64) {
        let known = self.fingerprint.load(Ordering::Relaxed);
        let _ = self.fingerprint.compare_exchange(
            known,
            fingerprint,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }
}
