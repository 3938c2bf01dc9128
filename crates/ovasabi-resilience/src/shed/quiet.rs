//! Telling that refusals have begun, once and not a thousand times a second.

use std::time::Duration;

use ovasabi_core::time::Tick;

use super::sync::{AtomicU64, Ordering};

/// How long nothing was refused before a refusal is news again.
pub(super) const QUIET: Duration = Duration::from_secs(10);

/// When something was last refused.
#[derive(Debug)]
pub(super) struct Quiet {
    /// In nanoseconds; [`NEVER`] before the first.
    last: AtomicU64,
}

const NEVER: u64 = u64::MAX;

impl Quiet {
    pub(super) fn new() -> Self {
        Self {
            last: AtomicU64::new(NEVER),
        }
    }

    /// Notes a refusal, and tells whether it ends a quiet time: of many at once, one does.
    pub(super) fn ends(&self, now: Tick) -> bool {
        // Relaxed: the value stands alone, and the exchange makes one of many the first.
        let last = self.last.swap(now.as_nanos(), Ordering::Relaxed);
        last == NEVER || now.saturating_since(Tick::from_nanos(last)) >= QUIET
    }
}

#[cfg(all(test, not(ovasabi_loom)))]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_refusal_after_a_quiet_time_is_news() {
        let quiet = Quiet::new();
        let start = Tick::ZERO;
        assert!(quiet.ends(start));
        assert!(!quiet.ends(start.saturating_add(QUIET / 2)));
        assert!(!quiet.ends(start.saturating_add(QUIET)));
        assert!(quiet.ends(start.saturating_add(2 * QUIET)));
    }
}
