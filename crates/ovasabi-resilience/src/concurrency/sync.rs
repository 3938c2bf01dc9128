//! Atomics and locks of the engine: those of std, or loom's when its models run.

#[cfg(all(test, ovasabi_loom))]
pub(super) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering};
#[cfg(all(test, ovasabi_loom))]
pub(super) use loom::sync::{Mutex, MutexGuard};
#[cfg(not(all(test, ovasabi_loom)))]
pub(super) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
#[cfg(not(all(test, ovasabi_loom)))]
pub(super) use std::sync::{Mutex, MutexGuard};

use std::sync::{PoisonError, TryLockError};

/// A lock that does not fail: what it guards is consistent wherever a foreign algorithm may panic.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lock, unless somebody has it.
pub(super) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Keeps what is written on every call off the cache lines that every call only reads.
///
/// 128 bytes: x86 fetches lines in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Line<T>(pub(super) T);
