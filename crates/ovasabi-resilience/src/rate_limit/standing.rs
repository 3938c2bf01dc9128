//! Where a bucket stands.

use std::num::NonZeroU32;
use std::time::Duration;

use super::Quota;

/// Where a bucket stands at one moment: the quota, and what is left of it.
///
/// All of it comes from one reading of one word, so its numbers fit together. They are worked out when they
/// are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    quota: Quota,
    full_at: u64,
    now: u64,
}

impl Standing {
    #[inline]
    pub(super) fn new(quota: Quota, full_at: u64, now: u64) -> Self {
        Self {
            quota,
            full_at,
            now,
        }
    }

    /// The quota that holds.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.quota
    }

    /// How many units there are when it is full: the burst.
    #[must_use]
    pub fn limit(&self) -> NonZeroU32 {
        self.quota.burst()
    }

    /// How many whole units are left now.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        let taken = self.owed().div_ceil(self.quota.nanos().max(1));
        let burst = self.limit().get();
        // What was taken in advance is more than there is.
        burst.saturating_sub(u32::try_from(taken).unwrap_or(u32::MAX))
    }

    /// How long until it is full, if nothing more is taken.
    #[must_use]
    pub fn full_in(&self) -> Duration {
        Duration::from_nanos(self.owed())
    }

    /// Whether more is owed than its quota can give at once: taken in advance, or priced by a quota that holds no
    /// longer.
    #[inline]
    pub(super) fn is_beyond(&self) -> bool {
        self.owed() > self.quota.window()
    }

    fn owed(&self) -> u64 {
        self.full_at.saturating_sub(self.now)
    }
}
