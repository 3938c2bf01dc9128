//! One bucket.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ovasabi_core::Rejection;
use ovasabi_core::admit::Admit;
use ovasabi_core::inspect::{Inspect, Inspected, Metric, Snapshot};
use ovasabi_core::reject::{Name, RejectKind};
use ovasabi_core::time::{Clock, Tick};

use super::bucket::Bucket;
use super::engine::{Refusal, decide};
use super::{Quota, RateLimiterBuilder};

/// A rate limit over everything that asks it. Clones share the bucket.
#[derive(Clone)]
pub struct RateLimiter(Arc<Inspected<State>>);

pub(super) struct State {
    name: Name,
    quota: Quota,
    clock: Clock,
    bucket: Bucket,
    denied: AtomicU64,
}

impl RateLimiter {
    /// Starts to build a limiter with this name and quota.
    pub fn builder(name: impl Into<Name>, quota: Quota) -> RateLimiterBuilder {
        RateLimiterBuilder::new(name.into(), quota)
    }

    pub(super) fn new(builder: RateLimiterBuilder) -> Self {
        let RateLimiterBuilder {
            name, quota, clock, ..
        } = builder;
        Self(Arc::new(Inspected::new(State {
            name,
            quota,
            clock,
            bucket: Bucket::default(),
            denied: AtomicU64::new(0),
        })))
    }

    /// Takes one, now.
    ///
    /// # Errors
    /// The [`Rejection`], with the exact time to come back.
    pub fn check(&self) -> Result<(), Rejection> {
        self.admit(&(), NonZeroU32::MIN, self.clock().now())
    }

    /// The quota.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.0.quota
    }

    /// Its numbers now.
    pub fn snapshot(&self) -> Snapshot {
        self.0.snapshot()
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(super) fn shared(&self) -> &Arc<Inspected<State>> {
        &self.0
    }
}

impl Admit for RateLimiter {
    type Permit = ();

    fn admit(&self, _key: &(), cost: NonZeroU32, now: Tick) -> Result<(), Rejection> {
        let State {
            name,
            quota,
            bucket,
            denied,
            ..
        } = &**self.0;
        // A bucket of its own is never given away.
        let decision =
            decide(*quota, bucket, cost, now).unwrap_or(Err(Refusal::Until(quota.interval())));
        decision.map_err(|refusal| {
            // Relaxed: a number to look at. Only refusals are counted: the bucket itself is the one locked
            // word of an admission.
            denied.fetch_add(1, Ordering::Relaxed);
            reject(refusal, name)
        })
    }
}

/// A refusal in the common words.
pub(super) fn reject(refusal: Refusal, name: &Name) -> Rejection {
    match refusal {
        Refusal::Until(delay) => {
            Rejection::new(RejectKind::RateLimited, super::layer::LAYER, name.clone())
                .retry_after(delay)
        }
        Refusal::Never => {
            Rejection::new(RejectKind::CostTooHigh, super::layer::LAYER, name.clone())
        }
    }
}

impl Inspect for State {
    fn kind(&self) -> &'static str {
        "rate_limiter"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let denied = self.denied.load(Ordering::Relaxed);
        Snapshot::new()
            .with(Metric::counter(
                "rate_limiter.denied",
                "requests refused",
                denied,
            ))
            .with(Metric::gauge(
                "rate_limiter.burst",
                "most at once",
                f64::from(self.quota.burst().get()),
            ))
    }
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter")
            .field("name", &self.0.name)
            .field("quota", &self.0.quota)
            .finish_non_exhaustive()
    }
}
