//! The handle.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use ovasabi_core::Rejection;
use ovasabi_core::admit::Admit;
use ovasabi_core::classify::{Class, Priority, Verdict};
use ovasabi_core::inspect::{Inspect, Inspected, Snapshot};
use ovasabi_core::reject::Name;
use ovasabi_core::time::Tick;

use super::permit::Held;
use super::shared::{Core, Shared};
use super::ticket::{Refusal, Ticket};
use super::{Acquire, ConcurrencyLimitLayer, ConcurrencyLimiterBuilder, LimitAlgorithm, Permit};
use crate::config::ConfigError;

/// Admits at most so many at once.
///
/// Cheap to clone; clones, and the layers and services made of them, share the slots. See the [module](super)
/// for what it does, and [`ConcurrencyLimiterBuilder`] for its knobs.
#[doc(alias = "bulkhead")]
#[doc(alias = "semaphore")]
#[derive(Clone)]
pub struct ConcurrencyLimiter {
    shared: Shared,
}

impl ConcurrencyLimiter {
    /// Starts to build a limiter with this name and this limit, which stays until it is changed by hand.
    pub fn builder(name: impl Into<Name>, limit: NonZeroU32) -> ConcurrencyLimiterBuilder {
        ConcurrencyLimiterBuilder::fixed(name.into(), limit)
    }

    /// Starts to build a limiter with this name, whose limit `algorithm` moves: [`Gradient2`] unless you know
    /// better.
    ///
    /// [`Gradient2`]: super::Gradient2
    pub fn adaptive(
        name: impl Into<Name>,
        algorithm: impl LimitAlgorithm + Clone + Sync,
    ) -> ConcurrencyLimiterBuilder {
        ConcurrencyLimiterBuilder::adaptive(name.into(), algorithm)
    }

    /// A layer that is a view of this limiter.
    pub fn layer(&self) -> ConcurrencyLimitLayer {
        ConcurrencyLimitLayer::new(self.clone())
    }

    /// Takes a slot for a call of [`Priority::Normal`], or refuses it at once.
    ///
    /// It passes nobody who waits.
    ///
    /// # Errors
    /// The [`Rejection`], when all are taken. It does not say when to come back: nobody knows.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit, Rejection> {
        self.permit(Priority::Normal, || self.now())
    }

    /// Takes a slot, waiting in the [queue](ConcurrencyLimiterBuilder::queue) for it, where there is one.
    ///
    /// # Panics
    /// The future does where it has to wait outside of a tokio runtime with time.
    pub fn acquire(&self) -> Acquire {
        Acquire::new(self.clone())
    }

    /// How many slots are taken.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.shared.engine().in_flight()
    }

    /// How many wait for one.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.shared.engine().queued()
    }

    /// How many slots there are.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.shared.engine().limit()
    }

    /// Changes how many there are. What is under way goes on; where there are more now, those who wait are let in.
    ///
    /// An adaptive limiter goes on from there, and learns nothing from calls that began before.
    ///
    /// # Errors
    /// [`ConfigError`] when it is outside of the bounds of an adaptive limiter. Never of a fixed one.
    pub fn set_limit(&self, limit: NonZeroU32) -> Result<(), ConfigError> {
        self.shared.set_limit(limit.get())
    }

    /// Takes over all numbers of `builder`; its name, clock and registry are ignored.
    ///
    /// Nothing under way and nobody who waits is touched. An adaptive limiter keeps its limit, as far as the new
    /// bounds allow, and what its algorithm has learnt, if the new one is of the same type.
    ///
    /// # Errors
    /// [`ConfigError`], as [`ConcurrencyLimiterBuilder::build`]; and when one is adaptive and the other is not.
    pub fn reconfigure(&self, builder: ConcurrencyLimiterBuilder) -> Result<(), ConfigError> {
        self.shared.reconfigure(builder)
    }

    /// Its numbers now.
    pub fn snapshot(&self) -> Snapshot {
        Inspect::snapshot(&*self.shared)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        self.shared.name()
    }

    /// The same limiter for the rest of the process, without counting references to it.
    ///
    /// A call through a layer of the returned handle saves two atomic operations: for threads that would share their
    /// count, and hardly to be measured on one. The limiter is
    /// never freed: for the few that are made at start-up. Those made from the other handles share its state.
    #[must_use]
    pub fn leak(self) -> Self {
        Self {
            shared: self.shared.leak(),
        }
    }

    pub(super) fn from_core(core: Arc<Inspected<Core>>) -> Self {
        Self {
            shared: Shared::Counted(core),
        }
    }

    /// Admits a call, or refuses it. `now` is asked at most once, and never of a fixed limiter.
    // Always, here and along the whole way of a success: its parts stay in registers.
    #[inline(always)]
    pub(crate) fn enter(
        &self,
        priority: Priority,
        now: impl FnOnce() -> Tick,
    ) -> Result<Ticket, Rejection> {
        self.shared.enter(priority, now)
    }

    /// Notes the head of the response. `now` is asked at most once, and never of a fixed limiter.
    #[inline(always)]
    pub(crate) fn at_head(
        &self,
        ticket: Ticket,
        verdict: &Verdict,
        now: impl FnOnce() -> Tick,
    ) -> Ticket {
        self.shared.at_head(ticket, verdict, now)
    }

    /// Ends a call. `now` is asked where somebody waits, and where an adaptive limiter has seen no head.
    #[inline(always)]
    pub(crate) fn leave(&self, ticket: Ticket, class: Class, now: impl Fn() -> Tick) {
        self.shared.leave(ticket, class, now);
    }

    /// Whether every call would be refused now, if it does not wait.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.shared.engine().is_full()
    }

    /// The refusal of a call for which [`is_full`](Self::is_full) has answered.
    #[cold]
    pub(crate) fn refuse(&self) -> Rejection {
        self.shared.refuse(Refusal::Full)
    }

    #[inline]
    pub(crate) fn now(&self) -> Tick {
        self.shared.now()
    }

    /// Admits a call of a layer.
    #[inline(always)]
    pub(super) fn hold(&self, priority: Priority) -> Result<Held, Rejection> {
        let ticket = self.enter(priority, || self.now())?;
        Ok(Held::new(self.clone(), ticket))
    }

    #[inline]
    fn permit(&self, priority: Priority, now: impl FnOnce() -> Tick) -> Result<Permit, Rejection> {
        let ticket = self.enter(priority, now)?;
        Ok(Permit::new(self.clone(), ticket))
    }

    #[inline]
    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }
}

/// One slot, whatever the cost. `now` must come from the limiter's clock.
impl Admit for ConcurrencyLimiter {
    type Permit = Permit;

    fn admit(&self, _key: &(), _cost: NonZeroU32, now: Tick) -> Result<Permit, Rejection> {
        self.permit(Priority::Normal, || now)
    }
}

impl fmt::Debug for ConcurrencyLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrencyLimiter")
            .field("name", self.name())
            .field("limit", &self.limit())
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}
