//! The decision: governor's GCRA, with the quota, the bucket and the time as arguments.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota as GovernorQuota;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
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
    // Governor multiplies before it compares: a cost from outside could overflow there.
    if cost > quota.burst() {
        return Some(Err(never(quota, bucket.full_at(), now)));
    }
    // A limiter is a few words on the stack: it borrows the bucket and forgets itself.
    let full_at = Cell::new(MOVING);
    let clock = Frozen {
        next: Cell::new(0),
        now,
    };
    let store = Borrowed {
        bucket,
        full_at: &full_at,
    };
    let limiter =
        governor::RateLimiter::<_, _, _, NoOpMiddleware<Nanos>>::new(of(quota), store, clock);
    let decision = limiter.check_key_n(&NoKey, cost);
    let full_at = full_at.get();
    if full_at == MOVING {
        return None;
    }
    let standing = Standing::new(quota, full_at, now);
    Some(match decision {
        Ok(Ok(())) => Ok(standing),
        Ok(Err(not_until)) => Err(Refused {
            refusal: Refusal::Until(not_until.wait_time_from(Nanos::new(now))),
            standing,
        }),
        Err(_) => Err(never(quota, full_at, now)),
    })
}

/// Refuses what can never be admitted.
#[cold]
pub(super) fn never(quota: Quota, full_at: u64, now: u64) -> Refused {
    Refused {
        refusal: Refusal::Never,
        standing: Standing::new(quota, full_at, now),
    }
}

fn of(quota: Quota) -> GovernorQuota {
    // A quota's interval is never zero; if it were, one a second is a limit all the same.
    GovernorQuota::with_period(quota.interval())
        .unwrap_or(GovernorQuota::per_second(NonZeroU32::MIN))
        .allow_burst(quota.burst())
}

/// Reads zero once, which governor takes for the start, and `now` ever after.
#[derive(Clone, Debug)]
struct Frozen {
    next: Cell<u64>,
    now: u64,
}

impl Clock for Frozen {
    type Instant = Nanos;

    #[inline]
    fn now(&self) -> Nanos {
        Nanos::new(self.next.replace(self.now))
    }
}

/// A bucket as a store of one key, by reference.
struct Borrowed<'a> {
    bucket: &'a Bucket,
    full_at: &'a Cell<u64>,
}

/// The key of a store that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct NoKey;

impl StateStore for Borrowed<'_> {
    type Key = NoKey;

    #[inline]
    fn measure_and_replace<T, F, E>(&self, _key: &NoKey, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (decision, full_at) = self.bucket.update(&decide);
        self.full_at.set(full_at);
        // While the bucket moves, the trait wants an answer all the same; nobody will read it.
        decision.unwrap_or_else(|| decide(None).map(|(answer, _)| answer))
    }
}
