//! Dates, injected.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A source of dates: what token expiry, log lines and stored timestamps read.
///
/// It may jump in both directions, so nothing is measured with it; see [`Clock`](super::Clock) for that.
#[derive(Clone, Default)]
pub struct WallClock(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    System,
    Manual(Arc<AtomicU64>),
    Custom(Arc<dyn Fn() -> SystemTime + Send + Sync>),
}

impl WallClock {
    /// The machine's date.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A date that stands still at `start` until its [`WallHand`] moves it. Dates before 1970 count as 1970.
    #[must_use]
    pub fn manual(start: SystemTime) -> (Self, WallHand) {
        let nanos = Arc::new(AtomicU64::new(since_epoch(start)));
        (Self(Source::Manual(Arc::clone(&nanos))), WallHand(nanos))
    }

    /// A date that `now` tells.
    #[must_use]
    pub fn custom(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Source::Custom(Arc::new(now)))
    }

    /// The current date.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        match &self.0 {
            Source::System => system_now(),
            // Relaxed: the value stands alone, nothing else is published through it.
            Source::Manual(nanos) => {
                UNIX_EPOCH + Duration::from_nanos(nanos.load(Ordering::Relaxed))
            }
            Source::Custom(now) => now(),
        }
    }

    /// The time since 1970-01-01T00:00:00Z; zero on a machine whose date lies before it.
    #[must_use]
    pub fn since_epoch(&self) -> Duration {
        self.now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match &self.0 {
            Source::System => "system",
            Source::Manual(_) => "manual",
            Source::Custom(_) => "custom",
        };
        f.debug_tuple("WallClock").field(&source).finish()
    }
}

/// Moves the [`WallClock::manual`] that it came with. Clones move the same clock.
#[derive(Clone, Debug)]
pub struct WallHand(Arc<AtomicU64>);

impl WallHand {
    /// Moves the date forward, at most to the year 2554.
    pub fn advance(&self, by: Duration) {
        let by = super::tick::nanos(by);
        let later = |now: u64| Some(now.saturating_add(by));
        let moved = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
        debug_assert!(moved.is_ok(), "the update always has a value");
    }

    /// Sets the date, backwards too: machines do that.
    pub fn set(&self, to: SystemTime) {
        self.0.store(since_epoch(to), Ordering::Relaxed);
    }
}

/// Nanoseconds since 1970, which last until the year 2554.
fn since_epoch(date: SystemTime) -> u64 {
    super::tick::nanos(date.duration_since(UNIX_EPOCH).unwrap_or_default())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the machine's date"
)]
fn system_now() -> SystemTime {
    SystemTime::now()
}
