//! Random numbers for jitter.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// A small generator for jitter and sampling: one atomic addition a number, shared freely.
///
/// It is `SplitMix64`: well spread, and **not** for secrets. [`Random::new`] is seeded differently in each
/// instance; [`Random::seeded`] repeats its sequence.
///
/// Source: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
#[derive(Debug)]
pub struct Random(AtomicU64);

/// The increment of the reference implementation: 2⁶⁴ divided by the golden ratio, made odd.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Random {
    /// A generator with a seed of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::seeded(RandomState::new().hash_one(GOLDEN))
    }

    /// A generator that repeats the sequence of its seed.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number, uniform over all of `u64`.
    #[inline]
    pub fn next_u64(&self) -> u64 {
        // Relaxed: only the uniqueness of the states matters, and the addition alone gives it.
        let mut z = self
            .0
            .fetch_add(GOLDEN, Ordering::Relaxed)
            .wrapping_add(GOLDEN);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_published_sequence() {
        let random = Random::seeded(1_234_567);
        assert_eq!(random.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(random.next_u64(), 3_203_168_211_198_807_973);
    }
}
