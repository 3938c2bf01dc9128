//! Where ticks come from.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Tick;
use super::tick::nanos;

/// A source of [`Tick`]s: opaque, cheap to clone.
///
/// [`Clock::system`] is the default: the processor's time-stamp counter through `quanta`, about 9 ns a
/// read. With the crate feature `test-util` it is `tokio::time::Instant`, so that a test with paused time
/// moves every layer; [`Clock::source`] says which one is at work, and benches print it.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System(System),
    Manual(Arc<AtomicU64>),
    Custom(Arc<dyn Fn() -> Tick + Send + Sync>),
}

impl Clock {
    /// The machine's monotonic clock. All system clocks of a process share their start.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System(System::new()))
    }

    /// A clock that stands still until its [`ClockHand`] moves it. It starts at [`Tick::ZERO`].
    #[must_use]
    pub fn manual() -> (Self, ClockHand) {
        let nanos = Arc::new(AtomicU64::new(0));
        (Self(Source::Manual(Arc::clone(&nanos))), ClockHand(nanos))
    }

    /// A clock that asks `now`. It should not go backwards; engines bear it if it does.
    #[must_use]
    pub fn custom(now: impl Fn() -> Tick + Send + Sync + 'static) -> Self {
        Self(Source::Custom(Arc::new(now)))
    }

    /// The current point in time.
    #[inline]
    #[must_use]
    pub fn now(&self) -> Tick {
        match &self.0 {
            Source::System(system) => system.now(),
            // Relaxed: the value stands alone, nothing else is published through it.
            Source::Manual(nanos) => Tick::from_nanos(nanos.load(Ordering::Relaxed)),
            Source::Custom(now) => now(),
        }
    }

    /// What the ticks are read from: `"tsc"`, `"tokio"`, `"manual"` or `"custom"`.
    #[must_use]
    pub fn source(&self) -> &'static str {
        match &self.0 {
            Source::System(_) => System::SOURCE,
            Source::Manual(_) => "manual",
            Source::Custom(_) => "custom",
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.source()).finish()
    }
}

/// Moves the [`Clock::manual`] that it came with. Clones move the same clock.
#[derive(Clone, Debug)]
pub struct ClockHand(Arc<AtomicU64>);

impl ClockHand {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let by = nanos(by);
        let moved = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
                Some(now.saturating_add(by))
            });
        debug_assert!(moved.is_ok(), "the update always has a value");
    }

    /// Sets the clock, backwards too: a test may want to see what a layer makes of it.
    pub fn set(&self, to: Tick) {
        self.0.store(to.as_nanos(), Ordering::Relaxed);
    }
}

#[cfg(not(feature = "test-util"))]
#[derive(Clone)]
struct System(quanta::Clock);

#[cfg(not(feature = "test-util"))]
impl System {
    const SOURCE: &'static str = "tsc";

    fn new() -> Self {
        Self(quanta::Clock::new())
    }

    #[inline]
    fn now(&self) -> Tick {
        // Counted from the zero of the counter itself: quanta calibrates once a process, so the ticks of
        // all system clocks compare.
        Tick::from_nanos(self.0.delta_as_nanos(0, self.0.raw()))
    }
}

#[cfg(feature = "test-util")]
#[derive(Clone)]
struct System(tokio::time::Instant);

#[cfg(feature = "test-util")]
impl System {
    const SOURCE: &'static str = "tokio";

    fn new() -> Self {
        Self(origin())
    }

    fn now(&self) -> Tick {
        Tick::ZERO.saturating_add(tokio::time::Instant::now().saturating_duration_since(self.0))
    }
}

/// The start that all system clocks share, so that their ticks compare in tests as they do in production.
#[cfg(feature = "test-util")]
fn origin() -> tokio::time::Instant {
    static ORIGIN: std::sync::OnceLock<tokio::time::Instant> = std::sync::OnceLock::new();
    *ORIGIN.get_or_init(tokio::time::Instant::now)
}
