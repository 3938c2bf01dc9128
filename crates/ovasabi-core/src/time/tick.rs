//! A point on a clock.

use std::fmt;
use std::time::Duration;

/// A point in time: nanoseconds since the start of the [`Clock`](super::Clock) that gave it.
///
/// Ticks of one clock compare; ticks of two clocks do not mean anything to each other, except that all
/// clocks made by [`Clock::system`](super::Clock::system) share their start. Arithmetic saturates: no
/// tick, however strange, makes an engine panic. The range is 584 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(u64);

impl Tick {
    /// The start of the clock.
    pub const ZERO: Self = Self(0);
    /// The last point that a tick can express; "never" in a comparison.
    pub const MAX: Self = Self(u64::MAX);

    /// A tick from nanoseconds since the clock's start.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the clock's start.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The tick `duration` later, or [`Tick::MAX`].
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }

    /// The tick `duration` earlier, or [`Tick::ZERO`].
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(duration)))
    }

    /// The time from `earlier` to `self`; zero when `earlier` is in fact later.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{:?}", Duration::from_nanos(self.0))
    }
}

/// The nanoseconds of a duration; those beyond 584 years count as `u64::MAX`.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Tick::MAX.saturating_add(Duration::from_secs(1)), Tick::MAX);
        assert_eq!(
            Tick::ZERO.saturating_sub(Duration::from_secs(1)),
            Tick::ZERO
        );
        assert_eq!(Tick::ZERO.saturating_add(Duration::MAX), Tick::MAX);
        assert_eq!(Tick::ZERO.saturating_since(Tick::MAX), Duration::ZERO);
    }
}
