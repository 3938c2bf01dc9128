//! Luck that begins with a seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// SplitMix64, shared by its clones. Which task gets which number is up to the scheduler.
#[derive(Clone, Debug)]
pub(crate) struct Dice(Arc<AtomicU64>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    /// From 0 up to, without, `sides`.
    pub(crate) fn roll(&self, sides: u64) -> u64 {
        const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.0.fetch_add(GAMMA, Ordering::Relaxed);
        let mut bits = state.wrapping_add(GAMMA);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % sides.max(1)
    }

    /// From `least` to `most`.
    pub(crate) fn between(&self, least: u32, most: u32) -> u32 {
        let sides = u64::from(most.saturating_sub(least)) + 1;
        least.saturating_add(u32::try_from(self.roll(sides)).unwrap_or(0))
    }

    /// One of them, if there are any.
    pub(crate) fn pick<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        let index = usize::try_from(self.roll(of.len() as u64));
        of.get(index.unwrap_or_default())
    }

    /// From `least` to `most` milliseconds.
    pub(crate) fn millis(&self, least: u32, most: u32) -> Duration {
        Duration::from_millis(self.between(least, most).into())
    }

    /// One time in `sides`.
    pub(crate) fn one_in(&self, sides: u64) -> bool {
        self.roll(sides) == 0
    }
}
