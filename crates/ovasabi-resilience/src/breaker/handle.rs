//! The handle.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::admit::Admit;
use ovasabi_core::inspect::Inspected;
use ovasabi_core::reject::Name;
use ovasabi_core::time::Tick;

use super::shared::{Core, Shared};
use super::state::Engine;
use super::{Changes, CircuitBreakerBuilder, CircuitBreakerLayer, Mode, Permit, Snapshot, State};
use crate::config::{Check, ConfigError};

/// A circuit breaker: stops calling a service that is down, and finds out when it is back.
///
/// Cheap to clone; clones, and the layers and services made of them, share one state. See the
/// [module](super) for what it does, and [`CircuitBreakerBuilder`] for its knobs.
///
/// ```
/// use ovasabi_core::admit::Settle;
/// use ovasabi_core::classify::Class;
/// use ovasabi_resilience::breaker::{CircuitBreaker, State};
///
/// let breaker = CircuitBreaker::builder("ledger").consecutive_failures(2).build()?;
/// breaker.try_acquire()?.settle(Class::Failure);
/// breaker.try_acquire()?.settle(Class::Failure);
/// assert_eq!(breaker.state(), State::Open);
/// assert!(breaker.try_acquire().is_err());
/// # Ok::<(), ovasabi_core::Error>(())
/// ```
#[derive(Clone)]
pub struct CircuitBreaker {
    shared: Shared,
}

impl CircuitBreaker {
    /// Starts to build a breaker with this name, which shows in rejections, metrics and logs.
    pub fn builder(name: impl Into<Name>) -> CircuitBreakerBuilder {
        CircuitBreakerBuilder::new(name.into())
    }

    /// The same, with what suits HTTP and gRPC clients: seven failures in a row open it too.
    ///
    /// A `Retry-After` is left to those who retry. Where it is meant for all callers, because the quota or the
    /// overload is that of the host, add
    /// [`.honour_retry_after(Duration::from_secs(60))`](CircuitBreakerBuilder::honour_retry_after): the whole
    /// process then leaves the host alone for as long as it says.
    pub fn http_builder(name: impl Into<Name>) -> CircuitBreakerBuilder {
        Self::builder(name).consecutive_failures(7)
    }

    /// A layer that is a view of this breaker.
    pub fn layer(&self) -> CircuitBreakerLayer {
        CircuitBreakerLayer::new(self.clone())
    }

    /// Admits a call, or refuses it.
    ///
    /// Tell the permit how the call ended with [`settle`](ovasabi_core::admit::Settle::settle).
    ///
    /// # Errors
    /// A [`Rejection`] of the kind `CircuitOpen` or `ProbesTaken`, with the time of the next chance.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit, Rejection> {
        let ticket = self.enter(|| self.clock().now())?;
        Ok(Permit::new(self.clone(), ticket))
    }

    /// What it is now. A break that is over shows as [`State::HalfOpen`], even before a call has come.
    #[must_use]
    pub fn state(&self) -> State {
        self.shared.engine().state(self.shared.now())
    }

    /// Its numbers now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(self.shared.engine(), self.shared.now())
    }

    /// Who decides now.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.shared.engine().mode()
    }

    /// Lets `mode` decide from now on, with everything forgotten; calls under way count for nothing.
    ///
    /// [`Mode::Auto`] after another mode begins closed. Nothing happens when `mode` decides already.
    pub fn force(&self, mode: Mode) {
        self.shared.change(|engine, now| engine.force(mode, now));
    }

    /// Opens for at least `at_least`, on a signal from elsewhere: a failed health check, a `Retry-After`.
    ///
    /// Does nothing unless the mode is [`Mode::Auto`]. An open breaker stays open for as long at least.
    pub fn trip(&self, at_least: Duration) {
        self.shared.change(|engine, now| engine.trip(at_least, now));
    }

    /// Closes, in [`Mode::Auto`], with everything forgotten; calls under way count for nothing.
    pub fn reset(&self) {
        self.shared.change(Engine::reset);
    }

    /// Takes over all numbers of `builder`, at once and for all handles; not its name, clock, registry and
    /// listener.
    ///
    /// State, counters, the length of the breaks in a row and a break under way stay. So do the calls in the
    /// window: of a time window those that are younger than the longer length's tenths tell, of a window of
    /// calls the newest that fit. Probes that have ended go on counting; if there are to be fewer probes, some
    /// under way may count for nothing. Calls under way count as ever, but are not seen to be slow before they
    /// end if [`slow_call_duration`](CircuitBreakerBuilder::slow_call_duration) or
    /// [`count_slow_in_flight`](CircuitBreakerBuilder::count_slow_in_flight) has changed. The rules are asked at
    /// once: what is in the window may open it by a new one.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob whose value cannot work, as
    /// [`build`](CircuitBreakerBuilder::build) says it, and when the [window](super::Window) is of another kind.
    /// Nothing has changed then.
    pub fn reconfigure(&self, builder: CircuitBreakerBuilder) -> Result<(), ConfigError> {
        self.shared.reconfigure(&builder.into_config())
    }

    /// The transitions from now on, for those who wait.
    ///
    /// That a break is over is no transition: the first probe makes it.
    #[must_use]
    pub fn changes(&self) -> Changes {
        self.shared.events().subscribe()
    }

    /// The same breaker for the rest of the process, without counting references to it.
    ///
    /// A call through a layer of the returned handle saves two atomic operations: for threads that would share their
    /// count, and hardly to be measured on one. The breaker is
    /// never freed: for the few that are made at start-up. Those made from the other handles share its state.
    #[must_use]
    pub fn leak(self) -> Self {
        Self {
            shared: self.shared.leak(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Name {
        self.shared.name()
    }

    /// Probes that have not ended, while it is half open.
    #[cfg(feature = "testkit")]
    pub(crate) fn probes_under_way(&self) -> u64 {
        let probes = self.shared.engine().probes_under_way();
        u64::try_from(probes).unwrap_or(u64::MAX)
    }

    /// Calls that are counted while they are under way, and have not ended.
    #[cfg(feature = "testkit")]
    pub(crate) fn watched(&self) -> u64 {
        self.shared.engine().watched(self.shared.now())
    }

    pub(super) fn from_core(core: Arc<Inspected<Core>>) -> Self {
        Self {
            shared: Shared::Counted(core),
        }
    }

    /// Looks whether it could take over the window of `builder`.
    pub(crate) fn check_kind(&self, builder: &CircuitBreakerBuilder, check: &mut Check) {
        self.shared.check_kind(builder.config(), check);
    }

    #[inline]
    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }
}

/// Decides by what was settled before, whatever the cost. `now` must come from the breaker's clock.
impl Admit for CircuitBreaker {
    type Permit = Permit;

    fn admit(&self, _key: &(), _cost: NonZeroU32, now: Tick) -> Result<Permit, Rejection> {
        let ticket = self.enter(|| now)?;
        Ok(Permit::new(self.clone(), ticket))
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("name", self.name())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
