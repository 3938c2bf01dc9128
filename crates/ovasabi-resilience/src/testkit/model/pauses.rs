//! Pauses between tries, in whole numbers.

use std::time::Duration;

use super::nanos;

/// The pause before a try: a base that doubles with each failure up to a cap, then a share of it that chance chooses,
/// and the cap once more, last of all.
///
/// In whole numbers, so that it can be compared with what reckons in floating point to the nanosecond or two.
///
/// ```
/// use std::time::Duration;
/// use ovasabi_core::backoff::{Backoff, Exponential};
/// use ovasabi_resilience::testkit::model::Pauses;
///
/// let (base, cap) = (Duration::from_millis(50), Duration::from_secs(20));
/// let model = Pauses::new(base, cap);
/// let policy = Exponential::new(base, cap);
/// for (failures, random) in [(1, 0), (1, u64::MAX), (3, u64::MAX / 2), (4_000_000_000, u64::MAX / 3)] {
///     let (pause, expected) = (policy.delay(failures, random), model.pause(failures, random));
///     assert!(pause.abs_diff(expected) <= Duration::from_nanos(10), "{pause:?}, {expected:?}");
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pauses {
    base: Duration,
    cap: Duration,
    /// In thousandths.
    shares: (u32, u32),
}

impl Pauses {
    /// With full jitter: anything from nothing to the whole.
    #[must_use]
    pub fn new(base: Duration, cap: Duration) -> Self {
        Self {
            base,
            cap,
            shares: (0, 1_000),
        }
    }

    /// With other shares of the whole, in thousandths, from `least` to `most`: `(1000, 1000)` is no jitter, `(500, 1000)`
    /// the equal one, `(800, 1200)` a fifth more or less.
    #[must_use]
    pub fn spread(mut self, least: u32, most: u32) -> Self {
        self.shares = (least, most);
        self
    }

    /// The pause after so many failures, of which 1 is the first; `random` is uniform over all of `u64`.
    #[must_use]
    pub fn pause(&self, failures: u32, random: u64) -> Duration {
        let cap = self.cap.max(self.base);
        let mut whole = self.base;
        for _ in 1..failures {
            if whole >= cap || whole.is_zero() {
                break;
            }
            whole = whole.saturating_mul(2);
        }
        let whole = whole.min(cap).as_nanos();
        let (least, most) = (u128::from(self.shares.0), u128::from(self.shares.1));
        // Of 2⁶⁴ equally likely numbers, `random` is this one.
        let above_least = whole * (most - least) / 1_000;
        let drawn = whole * least / 1_000 + scale(above_least, random);
        nanos(drawn).min(cap)
    }
}

/// `of · random / 2⁶⁴`, in two halves so that it does not overflow.
fn scale(of: u128, random: u64) -> u128 {
    let random = u128::from(random);
    let (high, low) = (of >> 64, of & u128::from(u64::MAX));
    high * random + ((low * random) >> 64)
}
