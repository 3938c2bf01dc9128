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
use super::store::Bucket;

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Not before this time has passed.
    Until(Duration),
    /// The cost is above the burst.
    Never,
}

/// Decides whether `cost` fits the quota of `key` at `now`, and takes it if so.
pub(super) fn decide(
    quota: Quota,
    bucket: &Bucket,
    cost: NonZeroU32,
    now: Tick,
) -> Result<(), Refusal> {
    // A limiter is two words on the stack: it borrows the bucket and forgets itself.
    let clock = Frozen {
        next: Cell::new(0),
        now: now.as_nanos().min(LATEST),
    };
    let reading = Nanos::new(clock.now);
    let limiter = governor::RateLimiter::<_, _, _, NoOpMiddleware<Nanos>>::new(
        of(quota),
        Borrowed(bucket),
        clock,
    );
    match limiter.check_key_n(&NoKey, cost) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(not_until)) => Err(Refusal::Until(not_until.wait_time_from(reading))),
        Err(_) => Err(Refusal::Never),
    }
}

/// Clocks that claim to be later than this (292 years) stand still here, so that sums stay in 64 bits.
const LATEST: u64 = u64::MAX / 2;

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
struct Borrowed<'a>(&'a Bucket);

/// The key of a store that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct NoKey;

impl StateStore for Borrowed<'_> {
    type Key = NoKey;

    fn measure_and_replace<T, F, E>(&self, _key: &NoKey, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        self.0.update(decide)
    }
}
