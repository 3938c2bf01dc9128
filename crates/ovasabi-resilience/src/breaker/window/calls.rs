//! The last so many calls, by tenths.

use std::sync::atomic::{AtomicU64, Ordering};

use super::ring::{BUCKETS, Ring};
use super::{Outcome, Sum};

/// Ten buckets, each a tenth of the length; a new one begins when the newest is full.
///
/// Threads that fill a bucket together may put a call too many into it, one each.
#[derive(Debug)]
pub(in super::super) struct CallWindow {
    ring: Ring,
    /// Calls that a bucket takes. Relaxed: a call may well go by the number of a moment ago.
    tenth: AtomicU64,
}

impl CallWindow {
    pub(super) fn new(length: u32) -> Self {
        Self {
            ring: Ring::new(),
            tenth: AtomicU64::new(tenth(length)),
        }
    }

    /// Takes another length. A shorter one keeps the newest tenths that fit into it, and the newest in any case.
    pub(super) fn resize(&self, length: u32) {
        let tenth = tenth(length);
        self.tenth.store(tenth, Ordering::Relaxed);
        self.ring.keep(tenth.saturating_mul(BUCKETS));
    }

    #[inline]
    pub(super) fn record(&self, outcome: Outcome, minimum: u64) -> bool {
        let mut epoch = self.ring.epoch();
        if self.ring.calls_in(epoch) >= self.tenth.load(Ordering::Relaxed) {
            epoch = self.ring.turn_to(|| epoch.wrapping_add(1));
        }
        self.ring.add(epoch, outcome, minimum)
    }

    pub(super) fn sum(&self) -> Sum {
        self.ring.sum(self.ring.epoch())
    }

    pub(super) fn clear(&self) {
        self.ring.clear();
    }

    /// Whether the tenth bucket is being filled.
    pub(super) fn is_full(&self) -> bool {
        self.sum().calls > self.tenth.load(Ordering::Relaxed) * (BUCKETS - 1)
    }

    pub(super) fn lifetime(&self) -> u64 {
        self.ring.lifetime()
    }
}

fn tenth(length: u32) -> u64 {
    u64::from(length).div_ceil(BUCKETS).max(1)
}
