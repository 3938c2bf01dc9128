//! Atomics and locks of the engine: those of std, or loom's when its models run.

#[cfg(all(test, ovasabi_loom))]
pub(super) use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(all(test, ovasabi_loom))]
pub(super) use loom::sync::{Mutex, MutexGuard};
#[cfg(not(all(test, ovasabi_loom)))]
pub(super) use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(all(test, ovasabi_loom)))]
pub(super) use std::sync::{Mutex, MutexGuard};

use std::sync::PoisonError;

/// A lock that does not fail: nothing panics while the engine holds one.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps what is written on every call off the cache lines that every call only reads.
///
/// 128 bytes: x86 fetches lines in pairs, and two threads paid 10 % more with 64.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Line<T>(pub(super) T);
