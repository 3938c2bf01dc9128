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
pub(super) fn decide(
    quota: Quota,
    bucket: &Bucket,
    cost: NonZeroU32,
    now: Tick,
) -> Option<Decision> {
    match take(quota, bucket, cost, now) {
        Ok(standing) => Some(Ok(standing)),
        Err(full_at) => miss(quota, full_at, cost, now).map(Err),
    }
}

/// The way of an admission alone, in one piece with its caller; else when the bucket is full, for [`miss`].
#[inline(always)]
pub(super) fn take(
    quota: Quota,
    bucket: &Bucket,
    cost: NonZeroU32,
    now: Tick,
) -> Result<Standing, u64> {
    let now = bounded(now);
    if cost > quota.burst() {
        return Err(bucket.full_at());
    }
    let price = quota.price(u64::from(cost.get()));
    let full_at = bucket.take(price, slack(quota, price), now)?;
    Ok(Standing::new(quota, full_at, now))
}

/// Why [`take`] took nothing. `None` when the bucket is just being given to another key.
pub(super) fn miss(quota: Quota, full_at: u64, cost: NonZeroU32, now: Tick) -> Option<Refused> {
    let now = bounded(now);
    if cost > quota.burst() {
        return Some(never(quota, full_at, now));
    }
    if full_at == MOVING {
        return None;
    }
    let slack = slack(quota, quota.price(u64::from(cost.get())));
    let wait = full_at.saturating_sub(slack).saturating_sub(now);
    Some(Refused {
        refusal: Refusal::Until(Duration::from_nanos(wait)),
        standing: Standing::new(quota, full_at, now),
    })
}

/// What the bucket may be owed for a price to fit.
#[inline(always)]
fn slack(quota: Quota, price: u64) -> u64 {
    quota.window().saturating_sub(price)
}

/// Refuses what can never be admitted.
#[cold]
pub(super) fn never(quota: Quota, full_at: u64, now: u64) -> Refused {
    Refused {
        refusal: Refusal::Never,
        standing: Standing::new(quota, full_at, now),
    }
}
