//! How much, how often.

use std::num::NonZeroU32;
use std::time::Duration;

/// An even rate with a burst. `per_second(10)` is one every 100 ms, and ten at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    interval: Duration,
    burst: NonZeroU32,
}

/// The longest time in which a whole burst may replenish: 100 years keep all arithmetic in 64 bits.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Why a quota is not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuotaError {
    /// One every zero seconds is no limit.
    #[error("interval = {0:?}: expected at least 1 ns")]
    Interval(Duration),
    /// The burst would take longer than a century to come back.
    #[error(
        "interval = {interval:?} with burst = {burst}: expected a product of at most 100 years"
    )]
    TooSlow {
        /// The time between two.
        interval: Duration,
        /// How many at once.
        burst: NonZeroU32,
    },
}

impl Quota {
    /// `count` a second, with a burst of `count`.
    #[must_use]
    pub const fn per_second(count: NonZeroU32) -> Self {
        Self::per(Duration::from_secs(1), count)
    }

    /// `count` a minute, with a burst of `count`.
    #[must_use]
    pub const fn per_minute(count: NonZeroU32) -> Self {
        Self::per(Duration::from_secs(60), count)
    }

    /// `count` an hour, with a burst of `count`.
    #[must_use]
    pub const fn per_hour(count: NonZeroU32) -> Self {
        Self::per(Duration::from_secs(3_600), count)
    }

    /// One every `interval`, with a burst of one.
    ///
    /// # Errors
    /// [`QuotaError`] when the interval is zero or longer than a century.
    pub fn one_every(interval: Duration) -> Result<Self, QuotaError> {
        if interval.is_zero() {
            return Err(QuotaError::Interval(interval));
        }
        Self {
            interval,
            burst: NonZeroU32::MIN,
        }
        .checked()
    }

    /// Sets how many may come at once after a pause.
    ///
    /// # Errors
    /// [`QuotaError::TooSlow`] when the burst would take longer than a century to come back.
    pub fn with_burst(self, burst: NonZeroU32) -> Result<Self, QuotaError> {
        Self { burst, ..self }.checked()
    }

    /// The time between two at the even rate, in whole nanoseconds, rounded up: never more than was asked.
    #[must_use]
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// How many may come at once after a pause.
    #[must_use]
    pub const fn burst(&self) -> NonZeroU32 {
        self.burst
    }

    const fn per(period: Duration, count: NonZeroU32) -> Self {
        // Rounded up, an interval is never zero, however large the count.
        let nanos = period.as_secs() * 1_000_000_000;
        let interval = Duration::from_nanos(nanos.div_ceil(count.get() as u64));
        Self {
            interval,
            burst: count,
        }
    }

    fn checked(self) -> Result<Self, QuotaError> {
        let Self { interval, burst } = self;
        match interval.checked_mul(burst.get()) {
            Some(whole) if whole <= LONGEST => Ok(self),
            Some(_) | None => Err(QuotaError::TooSlow { interval, burst }),
        }
    }
}
