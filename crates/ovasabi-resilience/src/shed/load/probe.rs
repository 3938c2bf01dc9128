//! Asking somebody else how busy the process is: its processor, its memory, its pool.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::time::Tick;

use super::super::sync::{AtomicU64, Ordering, Share};

/// A function that says how much of something is used, 0.0 to 1.0.
#[derive(Clone)]
pub(super) struct Ask(Arc<dyn Fn() -> f64 + Send + Sync>);

impl Ask {
    pub(super) fn new(ask: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(ask))
    }
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ask")
    }
}

/// Asks at most so often, and remembers the answer meanwhile.
#[derive(Debug)]
pub(super) struct Probe {
    ask: Ask,
    /// When to ask again, in nanoseconds.
    next: AtomicU64,
    /// How long an answer is good for, in nanoseconds.
    interval: AtomicU64,
    answer: Share,
}

impl Probe {
    pub(super) fn new(ask: Ask, interval: Duration) -> Self {
        Self {
            ask,
            next: AtomicU64::new(0),
            interval: AtomicU64::new(nanos(interval)),
            answer: Share::new(0.0),
        }
    }

    /// How much is used: the last answer, or a new one where that is too old.
    ///
    /// One of those who come then asks; the others take the last answer, and wait for nobody.
    pub(super) fn utilisation(&self, now: Tick) -> f64 {
        let now = now.as_nanos();
        // Relaxed: the exchange makes one of many the one who asks, and the answer stands alone.
        let next = self.next.load(Ordering::Relaxed);
        if now >= next {
            let later = now.saturating_add(self.interval.load(Ordering::Relaxed));
            if self
                .next
                .compare_exchange(next, later, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
            {
                let answer = (self.ask.0)();
                // What is not a number is no reason to refuse anybody.
                let is_number = !answer.is_nan();
                self.answer.set(if is_number {
                    answer.clamp(0.0, 1.0)
                } else {
                    0.0
                });
            }
        }
        self.answer.get()
    }

    /// The last answer.
    pub(super) fn last(&self) -> f64 {
        self.answer.get()
    }

    pub(super) fn set_interval(&self, interval: Duration) {
        self.interval.store(nanos(interval), Ordering::Relaxed);
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
