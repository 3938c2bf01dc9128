//! One bucket in one word.

use std::sync::atomic::{AtomicU64, Ordering};

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
        // Acquire pairs with the release in `end_move`: who sees the bucket of a new key sees its fingerprint.
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

    /// When a decision is the same as for a key that never came.
    pub(super) fn full_at(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes the bucket from its key, if it is as good as new. The word says who was first: if the key has
    /// come back in this moment, it is live, and keeps it.
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
}
