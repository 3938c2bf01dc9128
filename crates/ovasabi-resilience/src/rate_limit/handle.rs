//! One bucket.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::admit::Admit;
use ovasabi_core::inspect::{Control, ControlError, Inspect, Inspected, Snapshot};
use ovasabi_core::reject::Name;
use ovasabi_core::time::{Clock, Tick};

use super::acquire::Acquire;
use super::bucket::{Bucket, bounded};
use super::counts::Names;
use super::engine::{Decision, Refusal, Refused};
use super::shared::{CONTROLS, Core, Limited, control, set_quota};
use super::sync::Apart;
use super::turn::Patience;
use super::{Quota, RateLimiterBuilder, Standing};
use crate::config::ConfigError;

/// A rate limit over everything that asks it. Clones share the bucket, the quota and the queue.
#[derive(Clone)]
pub struct RateLimiter(Arc<Inspected<State>>);

/// What it is called in registries.
pub(super) const KIND: &str = "rate_limiter";

pub(super) struct State {
    core: Core,
    bucket: Apart<Bucket>,
}

/// The one bucket is the one lane.
pub(super) const LANE: u64 = 0;

impl RateLimiter {
    /// Starts to build a limiter with this name and quota.
    pub fn builder(name: impl Into<Name>, quota: Quota) -> RateLimiterBuilder {
        RateLimiterBuilder::new(name.into(), quota)
    }

    pub(super) fn new(builder: RateLimiterBuilder) -> Self {
        Self(Arc::new(Inspected::new(State {
            core: builder.core(),
            bucket: Apart(Bucket::default()),
        })))
    }

    /// Takes one, now.
    ///
    /// # Errors
    /// The [`Rejection`], with the exact time to come back.
    #[inline]
    pub fn check(&self) -> Result<(), Rejection> {
        self.admit(&(), NonZeroU32::MIN, self.clock().now())
    }

    /// Takes `cost`, and waits for its turn if need be: first come, first served, for at most `max_wait`, and
    /// at most a year.
    ///
    /// It has its place from this call on. Nobody who comes later is served before it, whether they wait or
    /// [`check`](Self::check). Whoever is polled late starts late, and so perhaps closer to the next one
    /// than the quota's interval; never earlier than its turn.
    ///
    /// # Errors
    /// A [`Rejection`], at once when the time would not suffice, the queue is full, or the cost is above the
    /// burst; `QueueTimeout` after `max_wait` when a new quota has made the wait longer.
    ///
    /// # Panics
    /// When it has to wait outside of a tokio runtime with a timer.
    #[must_use = "futures do nothing unless polled"]
    pub fn acquire(&self, cost: NonZeroU32, max_wait: Duration) -> Acquire {
        self.wait(
            cost,
            Patience {
                max_wait,
                deadline: None,
            },
        )
    }

    /// The quota that holds.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.0.core.quota.get()
    }

    /// Changes the quota, for those who wait too. What is taken stays taken, in units: who had used three of
    /// ten has used three of the new ones.
    pub fn set_quota(&self, quota: Quota) {
        set_quota(&**self.0, quota);
    }

    /// Takes over the numbers of `builder`: the quota, and how many may wait. Its name, clock and registry do
    /// not matter. Nothing is forgotten; see [`Self::set_quota`].
    ///
    /// # Errors
    /// [`ConfigError`], and nothing is changed, when [`RateLimiterBuilder::build`] would refuse a number.
    #[expect(clippy::needless_pass_by_value, reason = "as `build` takes it")]
    pub fn reconfigure(&self, builder: RateLimiterBuilder) -> Result<(), ConfigError> {
        builder.check()?;
        self.0.core.queue.set_max(builder.max_waiting);
        self.set_quota(builder.quota);
        Ok(())
    }

    /// Where the bucket stands now. Takes nothing.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let now = bounded(self.clock().now());
        Standing::new(self.quota(), self.0.bucket.0.full_at(), now)
    }

    /// Its numbers now.
    pub fn snapshot(&self) -> Snapshot {
        self.0.snapshot()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.0.core.name
    }

    /// How many wait for their turn.
    #[cfg(feature = "testkit")]
    pub(crate) fn waiting(&self) -> u32 {
        self.0.core.queue.len()
    }

    /// Takes `cost` at `now`: the engine, without clock, count or allocation.
    #[inline(always)]
    pub(crate) fn enter(&self, cost: NonZeroU32, now: Tick) -> Decision {
        let State { core, bucket } = &**self.0;
        match core.decide(&bucket.0, Some(LANE), cost, now) {
            Some(decision) => decision,
            // A bucket of its own is never given away.
            None => Err(self.given_away()),
        }
    }

    #[cold]
    fn given_away(&self) -> Refused {
        let quota = self.quota();
        Refused {
            refusal: Refusal::Until(quota.interval()),
            standing: Standing::new(quota, 0, 0),
        }
    }

    /// Counts a refusal of [`Self::enter`], and says it.
    #[cold]
    pub(crate) fn refuse(&self, refused: Refused) -> Rejection {
        self.0.core.refuse(refused)
    }

    pub(super) fn wait(&self, cost: NonZeroU32, patience: Patience) -> Acquire {
        let now = self.clock().now();
        match self.enter(cost, now) {
            Ok(standing) => Acquire::decided(Ok(Some(standing))),
            Err(refused) if refused.refusal == Refusal::Never => {
                Acquire::decided(Err((self.refuse(refused), Some(refused.standing))))
            }
            Err(_) => Acquire::join(Arc::clone(&self.0) as _, LANE, cost, now, patience),
        }
    }

    #[inline]
    pub(super) fn clock(&self) -> &Clock {
        &self.0.core.clock
    }

    pub(super) fn shared(&self) -> &Arc<Inspected<State>> {
        &self.0
    }
}

impl Admit for RateLimiter {
    type Permit = ();

    #[inline(always)]
    fn admit(&self, _key: &(), cost: NonZeroU32, now: Tick) -> Result<(), Rejection> {
        match self.enter(cost, now) {
            Ok(_) => Ok(()),
            Err(refused) => Err(self.refuse(refused)),
        }
    }
}

impl Limited for State {
    fn core(&self) -> &Core {
        &self.core
    }

    fn bucket(&self, _lane: u64) -> Option<&Bucket> {
        Some(&self.bucket.0)
    }

    fn each_bucket(&self, visit: &mut dyn FnMut(Option<u64>, &Bucket)) {
        visit(Some(LANE), &self.bucket.0);
    }
}

const NAMES: Names = Names {
    denied: "rate_limiter.denied",
    waited: "rate_limiter.waited",
    waiting: "rate_limiter.waiting",
    burst: "rate_limiter.burst",
    rate: "rate_limiter.rate",
};

impl Inspect for State {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name(&self) -> &Name {
        &self.core.name
    }

    fn snapshot(&self) -> Snapshot {
        self.core.snapshot(&NAMES)
    }

    fn controls(&self) -> &'static [Control] {
        CONTROLS
    }

    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        control(self, action, argument)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter")
            .field("name", &self.core.name)
            .field("quota", &self.core.quota.get())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self.0).fmt(f)
    }
}

#[cfg(all(test, not(ovasabi_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_price_of_the_quota_before_refuses_for_no_longer_than_a_burst_takes() {
        let (clock, hand) = Clock::manual();
        let hour = Quota::one_every(Duration::from_secs(3_600)).unwrap();
        let fast = Quota::per_second(NonZeroU32::new(10).unwrap());
        let built = RateLimiter::builder("test", fast).clock(clock).build();
        let limiter = built.unwrap();
        // Decided by the hour just before the quota changed, and written down just after.
        assert!(limiter.0.bucket.0.take(hour.price(1), 0, 0).is_ok());

        let refused = limiter.check().unwrap_err();
        let wait = refused.retry_delay().unwrap();
        assert_eq!(wait, Duration::from_millis(100), "as after a whole burst");
        hand.advance(wait);
        assert!(limiter.check().is_ok());
    }
}
