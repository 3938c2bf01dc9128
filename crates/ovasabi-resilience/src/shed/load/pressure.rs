//! From signals to pressure, and from pressure to a probability for each tier.

use ovasabi_core::classify::Priority;

/// How many tiers there are.
pub(super) const TIERS: usize = 5;

const TIERS_AS_F64: f64 = 5.0;

/// How far `value` is on the way from `start`, where pressure begins, to `full`, where it is 1.
#[inline]
pub(super) fn rise(value: f64, start: f64, full: f64) -> f64 {
    if value >= full {
        1.0
    } else if value <= start {
        0.0
    } else {
        (value - start) / (full - start)
    }
}

/// The probability with which a call of this tier is refused.
///
/// Each tier has a fifth of the pressure: it begins to be refused when all of the tier below is.
#[inline]
pub(super) fn shed_rate(tier: usize, pressure: f64) -> f64 {
    if pressure >= 1.0 {
        // The product below may fall short of it by a rounding.
        return 1.0;
    }
    // Tiers are fewer than 2⁸, which an f64 holds exactly.
    let tier = u8::try_from(tier).map_or(TIERS_AS_F64, f64::from);
    (pressure * TIERS_AS_F64 - tier).clamp(0.0, 1.0)
}

/// The tier of a priority, the first to go first.
#[inline]
pub(super) fn tier(priority: Priority) -> usize {
    match priority {
        Priority::Background => 0,
        Priority::Low => 1,
        Priority::High => 3,
        Priority::Critical => 4,
        // One that is not known yet counts as the usual one.
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_go_one_after_the_other_and_the_last_at_full_pressure() {
        let rates = |pressure| [0, 1, 2, 3, 4].map(|tier| shed_rate(tier, pressure));
        assert_eq!(rates(0.0), [0.0; 5]);
        assert_eq!(rates(0.125), [0.625, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(rates(0.5), [1.0, 1.0, 0.5, 0.0, 0.0]);
        assert_eq!(rates(0.75), [1.0, 1.0, 1.0, 0.75, 0.0]);
        assert_eq!(rates(1.0), [1.0; 5]);
    }

    #[test]
    fn pressure_rises_from_its_start_and_a_start_at_the_end_is_a_step() {
        assert_eq!(
            [0.7, 0.8, 0.9, 1.0, 1.2].map(|used| (rise(used, 0.8, 1.0) * 10.0).round()),
            [0.0, 0.0, 5.0, 10.0, 10.0]
        );
        assert_eq!([0.9, 1.0].map(|used| rise(used, 1.0, 1.0)), [0.0, 1.0]);
    }
}
