//! The places of a line.

use super::bucket::Bucket;
use super::sync::{AtomicU64, Ordering};

/// How many places a line has: two halves, each of them a cache line.
pub(super) const WAYS: usize = 2 * HALF;
const HALF: usize = 4;

/// 128 bytes, which processors like to fetch together.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Line([Half; 2]);

#[derive(Debug, Default)]
struct Half([Place; HALF]);

#[derive(Debug, Default)]
pub(super) struct Place {
    /// Zero when nobody has ever taken it. Changes only while the bucket moves.
    fingerprint: AtomicU64,
    pub(super) bucket: Bucket,
}

impl Line {
    /// The place of a fingerprint, if it is where it is looked for first.
    #[inline(always)]
    pub(super) fn find_near(&self, fingerprint: u64) -> Option<&Place> {
        self.halves(fingerprint).0.find(fingerprint)
    }

    pub(super) fn find(&self, fingerprint: u64) -> Option<&Place> {
        let (near, far) = self.halves(fingerprint);
        near.find(fingerprint).or_else(|| far.find(fingerprint))
    }

    /// Gives a place that is free or as good as new to a fingerprint. Only under the lock of its door.
    pub(super) fn claim(&self, fingerprint: u64, now: u64) -> Option<&Place> {
        let (near, far) = self.halves(fingerprint);
        let claimed = near.claim(fingerprint, now);
        claimed.or_else(|| far.claim(fingerprint, now))
    }

    /// When the first of its places can be as good as new.
    pub(super) fn full_at(&self) -> u64 {
        let ends = self.places().map(|place| place.bucket.full_at());
        ends.min().unwrap_or(0)
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.0.iter().flat_map(|half| &half.0)
    }

    /// The half that a fingerprint prefers, by a bit that neither line was chosen by, and the other.
    #[inline(always)]
    fn halves(&self, fingerprint: u64) -> (&Half, &Half) {
        let [even, odd] = &self.0;
        if fingerprint & 1 == 0 {
            (even, odd)
        } else {
            (odd, even)
        }
    }
}

impl Half {
    #[inline(always)]
    fn find(&self, fingerprint: u64) -> Option<&Place> {
        self.0.iter().find(|place| place.holds(fingerprint))
    }

    /// The place that has been as good as new for the longest time: of keys that come now and then, as many as
    /// there are places stay where they are.
    fn claim(&self, fingerprint: u64, now: u64) -> Option<&Place> {
        loop {
            let oldest = self.0.iter().min_by_key(|place| place.bucket.full_at())?;
            if !oldest.is_free(now) {
                return None;
            }
            // Else its key has come back, or another was first: there is one free place less to look at.
            if oldest.claim(fingerprint, now) {
                return Some(oldest);
            }
        }
    }
}

impl Place {
    /// Decides with its bucket, if that is still the key's when it is decided.
    #[inline(always)]
    pub(super) fn decide<T>(
        &self,
        fingerprint: u64,
        decide: impl Fn(&Bucket) -> Option<T>,
    ) -> Option<T> {
        let decision = decide(&self.bucket)?;
        // If the place went to another key in between, that one has paid, and this one pays again: the
        // mistake is a unit too many, never one too few.
        self.holds(fingerprint).then_some(decision)
    }

    /// Whose it is; zero when nobody has ever taken it.
    #[inline(always)]
    pub(super) fn fingerprint(&self) -> u64 {
        self.fingerprint.load(Ordering::Acquire)
    }

    #[inline(always)]
    fn holds(&self, fingerprint: u64) -> bool {
        self.fingerprint() == fingerprint
    }

    pub(super) fn is_free(&self, now: u64) -> bool {
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
