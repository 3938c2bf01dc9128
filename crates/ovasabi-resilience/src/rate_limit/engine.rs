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

use super::Quota;
use super::bucket::{Bucket, bounded};

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not before this time has passed.
    Until(Duration),
    /// The cost is above the burst.
    Never,
}

/// Decides whether `cost` fits the quota of `bucket` at `now`, and takes it if so. `None` when the bucket is
/// just being given to another key.
pub(super) fn decide(
    quota: Quota,
    bucket: &Bucket,
    cost: NonZeroU32,
    now: Tick,
) -> Option<Result<(), Refusal>> {
    // Governor multiplies before it compares: a cost from outside could overflow there.
    if cost > quota.burst() {
        return Some(Err(Refusal::Never));
    }
    // A limiter is a few words on the stack: it borrows the bucket and forgets itself.
    let is_moving = Cell::new(false);
    let now = bounded(now);
    let clock = Frozen {
        next: Cell::new(0),
        now,
    };
    let store = Borrowed {
        bucket,
        is_moving: &is_moving,
    };
    let limiter =
        governor::RateLimiter::<_, _, _, NoOpMiddleware<Nanos>>::new(of(quota), store, clock);
    let decision = match limiter.check_key_n(&NoKey, cost) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(not_until)) => Err(Refusal::Until(not_until.wait_time_from(Nanos::new(now)))),
        Err(_) => Err(Refusal::Never),
    };
    (!is_moving.get()).then_some(decision)
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

    fn now(&self) -> Nanos {
        Nanos::new(self.next.replace(self.now))
    }
}

/// A bucket as a store of one key, by reference.
struct Borrowed<'a> {
    bucket: &'a Bucket,
    is_moving: &'a Cell<bool>,
}

/// The key of a store that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct NoKey;

impl StateStore for Borrowed<'_> {
    type Key = NoKey;

    fn measure_and_replace<T, F, E>(&self, _key: &NoKey, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.bucket.update(&decide).unwrap_or_else(|| {
            // The trait wants an answer; nobody will read it.
            self.is_moving.set(true);
            decide(None).map(|(answer, _)| answer)
        })
    }
}
