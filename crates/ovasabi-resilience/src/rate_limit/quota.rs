//! How much, how often.

use std::num::NonZeroU32;
use std::time::Duration;

/// An even rate with a burst. `per_second(10)` is one every 100 ms, and ten at once after a pause.
///
/// As text, in controls and configuration, it is `100/s` or `100/1m burst 20`; see [`Quota::from_str`].
///
/// [`Quota::from_str`]: #impl-FromStr-for-Quota
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    /// Never zero, and `nanos × burst` is at most [`LONGEST`].
    nanos: u64,
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
        Self::per_whole(1_000_000_000, count)
    }

    /// `count` a minute, with a burst of `count`.
    #[must_use]
    pub const fn per_minute(count: NonZeroU32) -> Self {
        Self::per_whole(60_000_000_000, count)
    }

    /// `count` an hour, with a burst of `count`.
    #[must_use]
    pub const fn per_hour(count: NonZeroU32) -> Self {
        Self::per_whole(3_600_000_000_000, count)
    }

    /// One every `interval`, with a burst of one.
    ///
    /// # Errors
    /// [`QuotaError`] when the interval is zero or longer than a century.
    pub fn one_every(interval: Duration) -> Result<Self, QuotaError> {
        Self::new(interval, NonZeroU32::MIN)
    }

    /// `count` in each `period`, with a burst of `count`.
    ///
    /// # Errors
    /// [`QuotaError`] when the period is zero or longer than a century.
    pub fn per(period: Duration, count: NonZeroU32) -> Result<Self, QuotaError> {
        let nanos = period.as_nanos().div_ceil(u128::from(count.get()));
        let interval = u64::try_from(nanos).map_or(Duration::MAX, Duration::from_nanos);
        Self::new(interval, count)
    }

    /// Sets how many may come at once after a pause.
    ///
    /// # Errors
    /// [`QuotaError::TooSlow`] when the burst would take longer than a century to come back.
    pub fn with_burst(self, burst: NonZeroU32) -> Result<Self, QuotaError> {
        Self::new(self.interval(), burst)
    }

    /// The time between two at the even rate, in whole nanoseconds, rounded up: never more than was asked.
    #[must_use]
    pub const fn interval(&self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// How many may come at once after a pause.
    #[must_use]
    pub const fn burst(&self) -> NonZeroU32 {
        self.burst
    }

    /// [`Self::interval`] in nanoseconds.
    #[inline]
    pub(super) const fn nanos(self) -> u64 {
        self.nanos
    }

    /// How long `cost` units take to come back. For costs up to the burst it is exact, at most a century.
    #[inline]
    pub(super) const fn price(self, cost: u64) -> u64 {
        self.nanos.saturating_mul(cost)
    }

    /// How long a whole burst takes to come back.
    #[inline]
    pub(super) const fn window(self) -> u64 {
        self.price(self.burst.get() as u64)
    }

    /// A quota of parts that came out of one.
    pub(super) fn from_parts(nanos: u64, burst: u32) -> Self {
        Self {
            nanos,
            burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN),
        }
    }

    const fn per_whole(nanos: u64, count: NonZeroU32) -> Self {
        // Rounded up, an interval is never zero, however large the count.
        Self {
            nanos: nanos.div_ceil(count.get() as u64),
            burst: count,
        }
    }

    fn new(interval: Duration, burst: NonZeroU32) -> Result<Self, QuotaError> {
        if interval.is_zero() {
            return Err(QuotaError::Interval(interval));
        }
        let too_slow = QuotaError::TooSlow { interval, burst };
        match interval.checked_mul(burst.get()) {
            Some(whole) if whole <= LONGEST => {
                let nanos = u64::try_from(interval.as_nanos()).map_err(|_| too_slow)?;
                Ok(Self { nanos, burst })
            }
            Some(_) | None => Err(too_slow),
        }
    }
}
