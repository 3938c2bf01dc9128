//! One bucket in one word.

use ovasabi_core::time::Tick;

use super::Quota;
use super::sync::{AtomicU64, Ordering};

/// One bucket: GCRA's theoretical arrival time, which is the time when it is full again.
///
/// Those who wait have taken their units in advance, so the word is the queue too: whoever comes later finds
/// a bucket that will be full later, and neither passes them nor needs to know of them.
#[derive(Debug, Default)]
pub(super) struct Bucket(AtomicU64);

/// What a bucket says while its place goes from one key to another. Later than any time that it can hold.
pub(super) const MOVING: u64 = u64::MAX;

/// Clocks that claim to be later than this (292 years) stand still here, so that sums stay in 64 bits.
const LATEST: u64 = u64::MAX / 2;

/// How far beyond now a bucket may become full: 190 years, which leaves room for a price of a century.
const HORIZON: u64 = LATEST - 102 * 365 * 86_400 * 1_000_000_000;

/// The time that decisions are made at.
#[inline(always)]
pub(super) fn bounded(now: Tick) -> u64 {
    now.as_nanos().min(LATEST)
}

impl Bucket {
    /// Takes what comes back in `price`, if no more than `slack` is owed: when the bucket is full, in both
    /// cases. That is [`MOVING`] when it is just being given away, which is no refusal.
    #[inline(always)]
    pub(super) fn take(&self, price: u64, slack: u64, now: u64) -> Result<u64, u64> {
        let latest = now + slack;
        // Acquire pairs with the release in `end_move`: who sees the bucket of a new key sees its fingerprint.
        let mut known = self.0.load(Ordering::Acquire);
        while known <= latest {
            let next = known.max(now) + price;
            match self
                .0
                .compare_exchange_weak(known, next, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return Ok(next),
                Err(changed) => known = changed,
            }
        }
        Err(known)
    }

    /// Takes `cost` units in advance, if they are there within `longest`. How long that is, and when the
    /// bucket is full, in both cases. `None` when it is just being given away.
    pub(super) fn reserve(
        &self,
        quota: Quota,
        cost: u32,
        now: u64,
        longest: u64,
    ) -> Option<(Result<u64, u64>, u64)> {
        let mut known = self.0.load(Ordering::Acquire);
        while known != MOVING {
            let next = known.max(now).saturating_add(quota.price(u64::from(cost)));
            let wait = next.saturating_sub(quota.window()).saturating_sub(now);
            if wait > longest || next > now.saturating_add(HORIZON) {
                return Some((Err(wait), known));
            }
            match self.replace(known, next) {
                Ok(_) => return Some((Ok(wait), next)),
                Err(changed) => known = changed,
            }
        }
        None
    }

    /// Gives back what was taken in advance. A bucket that is full meanwhile stays as it is.
    pub(super) fn refund(&self, price: u64, now: u64) {
        let mut known = self.0.load(Ordering::Acquire);
        while known > now && known != MOVING {
            match self.replace(known, known.saturating_sub(price).max(1)) {
                Ok(_) => return,
                Err(changed) => known = changed,
            }
        }
    }

    /// Keeps what is taken, in units, when the quota changes: at most a whole burst, and what `ahead` units
    /// have been taken in advance.
    pub(super) fn rescale(&self, from: Quota, to: Quota, ahead: u64, now: u64) {
        let mut known = self.0.load(Ordering::Acquire);
        while known > now && known != MOVING {
            let scaled = u128::from(known - now) * u128::from(to.nanos());
            let taken = scaled.div_ceil(u128::from(from.nanos().max(1)));
            let taken = u64::try_from(taken).unwrap_or(u64::MAX);
            let most = to.window().saturating_add(to.price(ahead)).min(HORIZON);
            match self.replace(known, now + taken.min(most)) {
                Ok(_) => return,
                Err(changed) => known = changed,
            }
        }
    }

    /// Makes it owe nothing beyond `latest`.
    pub(super) fn cap(&self, latest: u64) {
        let mut known = self.0.load(Ordering::Acquire);
        while known > latest && known != MOVING {
            match self.replace(known, latest) {
                Ok(_) => return,
                Err(changed) => known = changed,
            }
        }
    }

    /// When a decision is the same as for a key that never came.
    #[inline]
    pub(super) fn full_at(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes the bucket from its key, if it is as good as new. The word says who was first: if the key has
    /// come back in this moment, it is live, and keeps it; and of two that want the place, one gets it.
    pub(super) fn begin_move(&self, now: u64) -> bool {
        let known = self.full_at();
        known <= now
            && self
                .0
                .compare_exchange(known, MOVING, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
    }

    /// Gives it to the next key, full. Release: whoever sees it so sees whose it is.
    pub(super) fn end_move(&self) {
        self.0.store(0, Ordering::Release);
    }

    fn replace(&self, known: u64, next: u64) -> Result<u64, u64> {
        self.0
            .compare_exchange(known, next, Ordering::AcqRel, Ordering::Acquire)
    }
}
