//! A bucket that fills.

use std::time::Duration;

use super::nanos;
use crate::rate_limit::Quota;

/// A bucket of tokens, full at first, that gains one each [interval](Quota::interval) up to the
/// [burst](Quota::burst), a little each nanosecond. What a quota means, in one sum.
///
/// ```
/// use std::num::NonZeroU32;
/// use std::time::Duration;
/// use ovasabi_resilience::rate_limit::Quota;
/// use ovasabi_resilience::testkit::model::{TokenBucket, Wait};
///
/// let mut bucket = TokenBucket::new(Quota::per_second(NonZeroU32::new(2).unwrap()));
/// assert_eq!(bucket.take(2), Ok(()));
/// bucket.pass(Duration::from_millis(100));
/// assert_eq!(bucket.take(1), Err(Wait::For(Duration::from_millis(400))));
/// assert_eq!(bucket.take(3), Err(Wait::Forever));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenBucket {
    quota: Quota,
    /// In nanoseconds: a token is worth an interval.
    level: u128,
}

/// When what was not admitted may come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// After exactly so long, if nobody else takes anything.
    For(Duration),
    /// Never: it costs more than the bucket holds when it is full.
    Forever,
}

impl TokenBucket {
    /// A full bucket.
    #[must_use]
    pub fn new(quota: Quota) -> Self {
        let level = full(quota);
        Self { quota, level }
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        self.level = (self.level + time.as_nanos()).min(full(self.quota));
    }

    /// Takes so many tokens, or none.
    ///
    /// # Errors
    /// [`Wait`], when it does not hold as many.
    pub fn take(&mut self, cost: u32) -> Result<(), Wait> {
        if cost > self.quota.burst().get() {
            return Err(Wait::Forever);
        }
        match self.level.checked_sub(price(self.quota, cost)) {
            Some(left) => {
                self.level = left;
                Ok(())
            }
            None => Err(Wait::For(self.lacks(cost))),
        }
    }

    /// How long it takes until it has so many, were it large enough.
    #[must_use]
    pub fn lacks(&self, cost: u32) -> Duration {
        nanos(price(self.quota, cost).saturating_sub(self.level))
    }

    /// Takes over another quota. What is taken stays taken: the same number of tokens, a part of one rounded up to
    /// the nanosecond.
    pub fn change(&mut self, quota: Quota) {
        let taken = full(self.quota) - self.level;
        let taken =
            (taken * quota.interval().as_nanos()).div_ceil(self.quota.interval().as_nanos());
        *self = Self {
            quota,
            level: full(quota).saturating_sub(taken),
        };
    }

    /// How many whole tokens it holds.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        let whole = self.level / self.quota.interval().as_nanos();
        u32::try_from(whole).unwrap_or(u32::MAX)
    }

    /// How long it takes until it is full.
    #[must_use]
    pub fn full_in(&self) -> Duration {
        nanos(full(self.quota) - self.level)
    }
}

fn price(quota: Quota, cost: u32) -> u128 {
    quota.interval().as_nanos() * u128::from(cost)
}

fn full(quota: Quota) -> u128 {
    price(quota, quota.burst().get())
}
