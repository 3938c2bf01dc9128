//! Atomics and locks of the engine: those of std, or loom's when its models run.

#[cfg(all(test, ovasabi_loom))]
pub(super) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(all(test, ovasabi_loom))]
pub(super) use loom::sync::{Mutex, MutexGuard};
#[cfg(not(all(test, ovasabi_loom)))]
pub(super) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(not(all(test, ovasabi_loom)))]
pub(super) use std::sync::{Mutex, MutexGuard};

use std::sync::PoisonError;

/// A lock that does not fail: nothing that can panic runs while the engine holds one.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps what is written on every call off the cache lines that every call only reads.
///
/// 128 bytes, because x86 fetches lines in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Apart<T>(pub(super) T);
