//! From a random number to a decision.

/// Whether something of this probability happens, by a number that is uniform over all of `u64`.
///
/// Never at 0, always at 1.
#[inline]
pub(super) fn happens(probability: f64, random: u64) -> bool {
    // 53 bits are what an f64 in [0, 1) can hold exactly.
    lossy(random >> 11) / lossy(1 << 53) < probability
}

/// A count as a number to calculate with; above 2⁵³ it is rounded.
#[expect(
    clippy::cast_precision_loss,
    reason = "a share of 2⁵³ calls needs no more digits"
)]
#[inline]
pub(super) fn lossy(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_at_zero_and_always_at_one() {
        for random in [0, 1, u64::MAX / 2, u64::MAX] {
            assert!(!happens(0.0, random));
            assert!(happens(1.0, random));
        }
        assert!(happens(0.5, u64::MAX / 2 - 4_096));
        assert!(!happens(0.5, u64::MAX / 2 + 1));
    }
}
