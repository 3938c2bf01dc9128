//! Whether anybody would miss a breaker: what a keyed set asks before it lets one make way.

use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::time::Tick;

use super::CircuitBreaker;
use super::shared::Shared;

impl CircuitBreaker {
    /// Whether nobody would miss it: in nobody else's hands, and as good as new, or of no use to anybody for
    /// `forget_after`, as far as `seen` knows.
    pub(crate) fn is_idle(&self, seen: &mut Seen, forget_after: Duration) -> bool {
        let is_only_handle =
            matches!(self.shared(), Shared::Counted(core) if Arc::strong_count(core) == 1);
        if !is_only_handle {
            return false;
        }
        let (engine, now) = (self.shared().engine(), self.shared().now());
        let is_stale = seen.at_rest(engine.activity(), now) >= forget_after;
        engine.is_as_new(now) || is_stale && !engine.is_set_apart(now)
    }
}

/// When somebody last looked at a breaker, and what it had done until then.
///
/// Calls do not note when they come, for it would cost each of them; those who look can tell whether one came.
#[derive(Debug, Default)]
pub(crate) struct Seen(Option<(u64, Tick)>);

impl Seen {
    /// How long it has been at rest, as far as looks can tell.
    fn at_rest(&mut self, activity: u64, now: Tick) -> Duration {
        match self.0 {
            Some((known, since)) if known == activity => now.saturating_since(since),
            _ => {
                self.0 = Some((activity, now));
                Duration::ZERO
            }
        }
    }
}
