//! The policies.

use std::fmt;
use std::time::Duration;

/// A waiting policy. Implementations are pure: the same arguments give the same delay.
pub trait Backoff: fmt::Debug + Send + Sync {
    /// The delay before the try that follows failure number `failures` (1 is the first failure; 0 is
    /// treated as 1). `random` is uniform over all of `u64`.
    fn delay(&self, failures: u32, random: u64) -> Duration;
}

/// The same delay every time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constant(pub Duration);

impl Backoff for Constant {
    fn delay(&self, _failures: u32, _random: u64) -> Duration {
        self.0
    }
}

/// A delay that doubles with each failure, up to a cap, with jitter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential {
    base: Duration,
    cap: Duration,
    factor: f64,
    jitter: Jitter,
}

impl Exponential {
    /// A policy that starts at `base` and never exceeds `cap`, doubling, with full jitter.
    ///
    /// A `cap` below `base` counts as `base`.
    #[must_use]
    pub fn new(base: Duration, cap: Duration) -> Self {
        Self {
            base,
            cap: cap.max(base),
            factor: 2.0,
            jitter: Jitter::Full,
        }
    }

    /// What each further failure multiplies the delay by; default 2. Values below 1 and NaN count as 1.
    #[must_use]
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor.max(1.0);
        self
    }

    /// How the delay is spread; default [`Jitter::Full`].
    #[must_use]
    pub fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The longest delay.
    #[must_use]
    pub fn cap(&self) -> Duration {
        self.cap
    }
}

impl Backoff for Exponential {
    fn delay(&self, failures: u32, random: u64) -> Duration {
        let exponent = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX);
        let seconds = self.base.as_secs_f64() * self.factor.powi(exponent);
        if self.base.is_zero() {
            // Zero times infinity is not a number, which would count as the cap.
            return Duration::ZERO;
        }
        // A product beyond what a Duration holds, or infinite, is beyond every cap.
        let unspread = Duration::try_from_secs_f64(seconds)
            .unwrap_or(Duration::MAX)
            .min(self.cap);
        self.jitter.spread(unspread, random).min(self.cap)
    }
}

/// How a delay `d` is spread, so that clients that failed together do not return together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Jitter {
    /// Exactly `d`.
    None,
    /// Uniform in `[0, d]`: spreads best, the default.
    #[default]
    Full,
    /// Uniform in `[d/2, d]`: never comes back at once.
    Equal,
    /// Uniform in `[d·(1−r), d·(1+r)]`, `r` in 0..=1; others are clamped and NaN counts as 0.
    Ratio(f64),
}

impl Jitter {
    /// Spreads `delay` with a number that is uniform over all of `u64`.
    #[must_use]
    pub fn spread(self, delay: Duration, random: u64) -> Duration {
        let (low, high) = match self {
            Self::None => return delay,
            Self::Full => (0.0, 1.0),
            Self::Equal => (0.5, 1.0),
            Self::Ratio(ratio) => {
                let ratio = if ratio.is_nan() {
                    0.0
                } else {
                    ratio.clamp(0.0, 1.0)
                };
                (1.0 - ratio, 1.0 + ratio)
            }
        };
        // 53 bits are what an f64 in [0, 1) can hold exactly.
        let unit = lossy(random >> 11) / lossy(1 << 53);
        let seconds = delay.as_secs_f64() * (low + (high - low) * unit);
        Duration::try_from_secs_f64(seconds).unwrap_or(delay)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the argument has at most 53 bits"
)]
fn lossy(bits: u64) -> f64 {
    bits as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Duration = Duration::from_secs(5);
    const CAP: Duration = Duration::from_secs(60);

    #[test]
    fn doubles_up_to_the_cap_and_never_overflows() {
        let policy = Exponential::new(BASE, CAP).jitter(Jitter::None);
        let delays: Vec<_> = (0..=6)
            .map(|failures| policy.delay(failures, 0).as_secs())
            .collect();
        assert_eq!(delays, [5, 5, 10, 20, 40, 60, 60]);
        assert_eq!(policy.delay(u32::MAX, 0), CAP);
    }

    #[test]
    fn the_cap_holds_after_the_jitter() {
        let policy = Exponential::new(BASE, CAP).jitter(Jitter::Ratio(0.5));
        assert_eq!(policy.delay(9, u64::MAX), CAP);
        assert_eq!(policy.delay(9, 0), Duration::from_secs(30));
    }

    #[test]
    fn full_jitter_spans_zero_to_the_delay() {
        assert_eq!(Jitter::Full.spread(BASE, 0), Duration::ZERO);
        assert!(Jitter::Full.spread(BASE, u64::MAX) > Duration::from_millis(4_999));
    }

    #[test]
    fn odd_numbers_are_tamed() {
        assert_eq!(Jitter::Ratio(f64::NAN).spread(BASE, 7), BASE);
        assert_eq!(
            Exponential::new(BASE, CAP)
                .factor(f64::NAN)
                .jitter(Jitter::None)
                .delay(9, 0),
            BASE
        );
        assert_eq!(Exponential::new(CAP, BASE).cap(), CAP);
        assert_eq!(
            Exponential::new(Duration::ZERO, CAP).delay(u32::MAX, 7),
            Duration::ZERO
        );
    }
}
