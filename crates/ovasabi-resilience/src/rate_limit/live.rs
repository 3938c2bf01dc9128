//! A quota that can be changed while it is read.

use super::Quota;
use super::sync::{AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering, fence, lock};

/// A quota in plain atomics: two copies, and a version that says which one holds.
///
/// A reader takes no lock and writes nothing. It never waits for a writer either, who fills the copy that
/// nobody reads: only if the version moved while it read, it reads again. So it never sees the interval of
/// one quota with the burst of another.
#[derive(Debug)]
pub(super) struct LiveQuota {
    version: AtomicU64,
    copies: [Numbers; 2],
    writing: Mutex<()>,
}

#[derive(Debug)]
struct Numbers {
    nanos: AtomicU64,
    burst: AtomicU32,
}

impl LiveQuota {
    pub(super) fn new(quota: Quota) -> Self {
        Self {
            version: AtomicU64::new(0),
            copies: [Numbers::new(quota), Numbers::new(quota)],
            writing: Mutex::new(()),
        }
    }

    #[inline(always)]
    pub(super) fn get(&self) -> Quota {
        let mut version = self.version.load(Ordering::Acquire);
        loop {
            let quota = self.copy(version).get();
            // If any part of it was written later than this version, the next load sees a later one: the
            // fence of the writer stands before its writes, this one behind the reads.
            fence(Ordering::Acquire);
            let again = self.version.load(Ordering::Acquire);
            if again == version {
                return quota;
            }
            version = again;
        }
    }

    /// Only one changes it at a time; whoever does has this.
    pub(super) fn begin(&self) -> MutexGuard<'_, ()> {
        lock(&self.writing)
    }

    /// Changes it. Only for whoever has [`Self::begin`].
    pub(super) fn set(&self, quota: Quota, _changing: &MutexGuard<'_, ()>) {
        let next = self.version.load(Ordering::Relaxed).wrapping_add(1);
        fence(Ordering::Release);
        self.copy(next).set(quota);
        self.version.store(next, Ordering::Release);
    }

    #[inline]
    fn copy(&self, version: u64) -> &Numbers {
        let [even, odd] = &self.copies;
        if version & 1 == 0 { even } else { odd }
    }
}

impl Numbers {
    fn new(quota: Quota) -> Self {
        Self {
            nanos: AtomicU64::new(quota.nanos()),
            burst: AtomicU32::new(quota.burst().get()),
        }
    }

    #[inline]
    fn get(&self) -> Quota {
        Quota::from_parts(
            self.nanos.load(Ordering::Relaxed),
            self.burst.load(Ordering::Relaxed),
        )
    }

    fn set(&self, quota: Quota) {
        self.nanos.store(quota.nanos(), Ordering::Relaxed);
        self.burst.store(quota.burst().get(), Ordering::Relaxed);
    }
}
