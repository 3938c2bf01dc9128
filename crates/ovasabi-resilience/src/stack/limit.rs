//! A limit of time that can be changed while it runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Nanoseconds; the largest stands for no limit.
#[derive(Debug)]
pub(super) struct TimeLimit(AtomicU64);

const NONE: u64 = u64::MAX;

impl TimeLimit {
    pub(super) fn new(limit: Option<Duration>) -> Self {
        Self(AtomicU64::new(nanos(limit)))
    }

    /// Relaxed: the number stands alone.
    pub(super) fn get(&self) -> Option<Duration> {
        match self.0.load(Ordering::Relaxed) {
            NONE => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    pub(super) fn set(&self, limit: Option<Duration>) {
        self.0.store(nanos(limit), Ordering::Relaxed);
    }
}

/// What does not fit, 584 years, is no limit.
fn nanos(limit: Option<Duration>) -> u64 {
    limit.map_or(NONE, |limit| {
        u64::try_from(limit.as_nanos()).unwrap_or(NONE)
    })
}
