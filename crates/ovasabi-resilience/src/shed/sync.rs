//! Atomics and locks of the engines: those of std, or loom's when its models run.

#[cfg(all(test, ovasabi_loom))]
pub(super) use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(all(test, ovasabi_loom))]
pub(super) use loom::sync::{Mutex, MutexGuard};
#[cfg(not(all(test, ovasabi_loom)))]
pub(super) use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(all(test, ovasabi_loom)))]
pub(super) use std::sync::{Mutex, MutexGuard};

use std::sync::PoisonError;

/// A lock that does not fail: nothing panics while an engine holds one.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps what is written on every call off the cache lines that every call only reads.
///
/// 128 bytes: x86 fetches lines in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Line<T>(pub(super) T);

/// A share that may change while it is read: the bits of an `f64`.
#[derive(Debug)]
pub(super) struct Share(AtomicU64);

impl Share {
    pub(super) fn new(share: f64) -> Self {
        Self(AtomicU64::new(share.to_bits()))
    }

    #[inline]
    pub(super) fn get(&self) -> f64 {
        // Relaxed here and below: a number that stands alone.
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    pub(super) fn set(&self, share: f64) {
        self.0.store(share.to_bits(), Ordering::Relaxed);
    }
}

/// Counts what is rare, or off the way of a success.
#[derive(Debug)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    #[inline]
    pub(super) fn count(&self) {
        // Relaxed here and below: a counter for people, which stands alone.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
