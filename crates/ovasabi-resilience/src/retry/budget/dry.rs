//! The event of a budget that has nothing left.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ovasabi_core::reject::Name;
use ovasabi_core::time::Tick;

/// The target of the event that a budget ran dry: `WARN`, with `name` and `refused` (retries refused so far).
pub const TARGET: &str = "ovasabi::retry_budget";

/// An outage refuses retries by the thousand; once in so long is enough to say so.
const QUIET: Duration = Duration::from_secs(10);

/// Says that a budget has run dry, and then nothing for a while.
#[derive(Debug, Default)]
pub(super) struct Dry {
    /// Nothing is said before: nanoseconds.
    quiet_until: AtomicU64,
}

impl Dry {
    pub(super) fn ran(&self, now: Tick, name: &Name, refused: u64) {
        // Relaxed: the number stands alone.
        let quiet_until = self.quiet_until.load(Ordering::Relaxed);
        if now.as_nanos() < quiet_until {
            return;
        }
        let next = now.saturating_add(QUIET).as_nanos();
        let won = self.quiet_until.compare_exchange(
            quiet_until,
            next,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if won.is_ok() {
            tracing::warn!(target: TARGET, name = %name, refused, "no retries left");
        }
    }
}
