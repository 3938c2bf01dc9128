//! The decision: GCRA, with the quota, the bucket and the time as arguments.
//!
//! It is governor's, to the nanosecond, as a property test holds: written out, because through governor's types
//! the same sums took twice the instructions, and neither reserving nor changing a quota is among them.

use std::num::NonZeroU32;
use std::time::Duration;

use ovasabi_core::time::Tick;

use super::bucket::{Bucket, MOVING, bounded};
use super::{Quota, Standing};

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not before this time has passed.
    Until(Duration),
    /// The cost is above the burst.
    Never,
}

/// A refusal, and where the bucket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(super) refusal: Refusal,
    pub(super) standing: Standing,
}

pub(super) type Decision = Result<Standing, Refused>;

/// Decides whether `cost` fits the quota of `bucket` at `now`, and takes it if so. `None` when the bucket is
/// just being given to another key.
#[inline]
pub(super) fn decide(
    quota: Quota,
    bucket: &Bucket,
    cost: NonZeroU32,
    now: Tick,
) -> Option<Decision> {
    let now = bounded(now);
    if cost > quota.burst() {
        return Some(Err(never(quota, bucket.full_at(), now)));
    }
    let price = quota.price(u64::from(cost.get()));
    // What the bucket may be owed for this cost to fit.
    let slack = quota.window().saturating_sub(price);
    match bucket.take(price, slack, now) {
        Ok(full_at) => Some(Ok(Standing::new(quota, full_at, now))),
        Err(MOVING) => None,
        Err(full_at) => Some(Err(until(quota, full_at, slack, now))),
    }
}

#[cold]
fn until(quota: Quota, full_at: u64, slack: u64, now: u64) -> Refused {
    let wait = full_at.saturating_sub(slack).saturating_sub(now);
    Refused {
        refusal: Refusal::Until(Duration::from_nanos(wait)),
        standing: Standing::new(quota, full_at, now),
    }
}

/// Refuses what can never be admitted.
#[cold]
pub(super) fn never(quota: Quota, full_at: u64, now: u64) -> Refused {
    Refused {
        refusal: Refusal::Never,
        standing: Standing::new(quota, full_at, now),
    }
}
