//! The limiter and its permits.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use ovasabi_core::Rejection;
use ovasabi_core::admit::{Admit, Settle};
use ovasabi_core::classify::Class;
use ovasabi_core::inspect::{Control, ControlError, Inspect, Inspected, Metric, Snapshot};
use ovasabi_core::reject::{Name, RejectKind};
use ovasabi_core::time::Tick;

use super::ConcurrencyLimiterBuilder;

/// Admits at most so many at once. Clones share the slots.
#[doc(alias = "bulkhead")]
#[derive(Clone)]
pub struct ConcurrencyLimiter(Arc<Inspected<State>>);

pub(super) struct State {
    name: Name,
    limit: AtomicU32,
    in_flight: AtomicU32,
    denied: AtomicU64,
}

/// One slot. It returns when this is dropped.
#[must_use = "dropping the permit frees the slot"]
pub struct Permit(Arc<Inspected<State>>);

const CONTROLS: &[Control] = &[Control {
    action: "set_limit",
    help: "changes how many may run at once",
    argument: "1 to 4294967295",
}];

impl ConcurrencyLimiter {
    /// Starts to build a limiter with this name and limit.
    pub fn builder(name: impl Into<Name>, limit: NonZeroU32) -> ConcurrencyLimiterBuilder {
        ConcurrencyLimiterBuilder::new(name.into(), limit)
    }

    pub(super) fn new(builder: ConcurrencyLimiterBuilder) -> Self {
        let ConcurrencyLimiterBuilder { name, limit, .. } = builder;
        Self(Arc::new(Inspected::new(State {
            name,
            limit: AtomicU32::new(limit.get()),
            in_flight: AtomicU32::new(0),
            denied: AtomicU64::new(0),
        })))
    }

    /// Takes a slot.
    ///
    /// # Errors
    /// The [`Rejection`], when all are taken. It does not say when to come back: nobody knows.
    pub fn try_acquire(&self) -> Result<Permit, Rejection> {
        let state = &**self.0;
        // A counter that goes up first and comes down on a refusal would refuse others for slots that nobody
        // has. Refusals only look. Acquire pairs with the release of a permit's drop.
        let admitted =
            state
                .in_flight
                .fetch_update(Ordering::Acquire, Ordering::Relaxed, |taken| {
                    (taken < state.limit.load(Ordering::Relaxed)).then(|| taken + 1)
                });
        if admitted.is_ok() {
            return Ok(Permit(Arc::clone(&self.0)));
        }
        state.denied.fetch_add(1, Ordering::Relaxed);
        Err(Rejection::new(
            RejectKind::AtCapacity,
            super::layer::LAYER,
            state.name.clone(),
        ))
    }

    /// How many slots are taken.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.0.in_flight.load(Ordering::Relaxed)
    }

    /// How many there are.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.0.limit.load(Ordering::Relaxed)
    }

    /// Changes how many there are. What is under way goes on.
    pub fn set_limit(&self, limit: NonZeroU32) {
        self.0.set_limit(limit);
    }

    /// Its numbers now.
    pub fn snapshot(&self) -> Snapshot {
        self.0.snapshot()
    }

    pub(super) fn shared(&self) -> &Arc<Inspected<State>> {
        &self.0
    }
}

impl Admit for ConcurrencyLimiter {
    type Permit = Permit;

    /// One slot, whatever the cost.
    fn admit(&self, _key: &(), _cost: NonZeroU32, _now: Tick) -> Result<Permit, Rejection> {
        self.try_acquire()
    }
}

/// However the work ended, the slot returns.
impl Settle for Permit {
    fn settle(self, _class: Class) {}
}

impl Drop for Permit {
    fn drop(&mut self) {
        // Release pairs with the acquire of the next admission: what this call did is done when it starts.
        self.0.in_flight.fetch_sub(1, Ordering::Release);
    }
}

impl State {
    fn set_limit(&self, limit: NonZeroU32) {
        self.limit.store(limit.get(), Ordering::Relaxed);
    }
}

impl Inspect for State {
    fn kind(&self) -> &'static str {
        "concurrency_limiter"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        let gauge = |value: &AtomicU32| f64::from(value.load(Ordering::Relaxed));
        Snapshot::new()
            .with(Metric::counter(
                "concurrency_limiter.denied",
                "requests refused",
                self.denied.load(Ordering::Relaxed),
            ))
            .with(Metric::gauge(
                "concurrency_limiter.in_flight",
                "slots taken",
                gauge(&self.in_flight),
            ))
            .with(Metric::gauge(
                "concurrency_limiter.limit",
                "slots there are",
                gauge(&self.limit),
            ))
    }

    fn controls(&self) -> &'static [Control] {
        CONTROLS
    }

    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        if action != "set_limit" {
            return Err(ControlError::unknown(action, CONTROLS));
        }
        let limit = argument.and_then(|text| text.parse().ok());
        let limit =
            limit.ok_or_else(|| ControlError::argument(action, argument, "1 to 4294967295"))?;
        self.set_limit(limit);
        Ok(())
    }
}

impl fmt::Debug for ConcurrencyLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrencyLimiter")
            .field("name", &self.0.name)
            .field("limit", &self.limit())
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(&self.0.name).finish()
    }
}
