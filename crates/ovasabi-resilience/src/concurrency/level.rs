//! Priorities as the engine counts them, and the slots that are kept for the higher ones.

use ovasabi_core::classify::Priority;

/// How many there are.
pub(super) const LEVELS: usize = 5;

/// A [`Priority`] as a number, the highest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Level(u8);

impl Level {
    pub(super) const HIGHEST: Self = Self(4);

    #[inline]
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }

    pub(super) const fn number(self) -> u8 {
        self.0
    }

    pub(super) const fn from_number(number: u8) -> Self {
        Self(number)
    }

    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..=Self::HIGHEST.0).map(Self)
    }
}

impl From<Priority> for Level {
    #[inline]
    fn from(priority: Priority) -> Self {
        Self(match priority {
            Priority::Background => 0,
            Priority::Low => 1,
            Priority::High => 3,
            Priority::Critical => 4,
            // Normal, and what may be added one day.
            _ => 2,
        })
    }
}

/// Which share of the limit is kept for a level and those above it, in hundredths of a percent.
///
/// Whole numbers, because a tenth and two tenths of ten are three slots, not four.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reserve([u32; LEVELS]);

const WHOLE: u64 = 10_000;

impl Reserve {
    /// `shares` are 0.0 to 1.0, as the builder has checked.
    pub(super) fn new(shares: [f64; LEVELS]) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float becomes the nearest number that there is"
        )]
        Self(shares.map(|share| (share * 10_000.0).round() as u32))
    }

    /// How many slots of `limit` a call of `level` may find taken and still get one: at least one, whatever
    /// is kept for others.
    pub(super) fn cap(&self, limit: u32, level: Level) -> u32 {
        let above = self.0.iter().skip(level.index() + 1);
        let kept: u64 = above.map(|share| u64::from(*share)).sum();
        let kept = (u64::from(limit) * kept).div_ceil(WHOLE);
        limit
            .saturating_sub(u32::try_from(kept).unwrap_or(u32::MAX))
            .max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_up_to_whole_slots_and_add_up() {
        let reserve = Reserve::new([0.0, 0.0, 0.0, 0.1, 0.2]);
        let caps = |limit| Level::all().map(move |level| reserve.cap(limit, level));
        assert_eq!(caps(10).collect::<Vec<_>>(), [7, 7, 7, 8, 10]);
        assert_eq!(caps(3).collect::<Vec<_>>(), [2, 2, 2, 2, 3]);
        assert_eq!(caps(1).collect::<Vec<_>>(), [1; LEVELS]);
        let all = u32::MAX;
        assert!(caps(all).is_sorted());
        assert_eq!(reserve.cap(all, Level::HIGHEST), all);
    }
}
