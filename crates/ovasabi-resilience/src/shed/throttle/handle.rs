//! The handle.

use std::fmt;
use std::sync::Arc;

use ovasabi_core::Rejection;
use ovasabi_core::classify::{Class, Facts};
use ovasabi_core::inspect::{Inspect, Inspected};
use ovasabi_core::reject::Name;
use ovasabi_core::time::Tick;

use super::super::policy::{Gate, Outlook};
use super::super::{Permit, Policy, ThrottleLayer};
use super::engine::Ticket;
use super::shared::Core;
use super::{Snapshot, ThrottleBuilder};
use crate::config::ConfigError;
use crate::shared::Shared;

/// A client's throttle: refuses by itself what the service would refuse anyway.
///
/// Cheap to clone; clones, and the layers and services made of them, share one state. See the
/// [module](super) for what it does, and [`ThrottleBuilder`] for its knobs.
#[doc(alias = "adaptive throttling")]
#[derive(Clone)]
pub struct Throttle {
    shared: Shared<Core>,
}

impl Throttle {
    /// Starts to build a throttle with this name, which shows in rejections, metrics and logs.
    pub fn builder(name: impl Into<Name>) -> ThrottleBuilder {
        ThrottleBuilder::new(name.into())
    }

    /// A layer that is a view of this throttle.
    pub fn layer(&self) -> ThrottleLayer {
        ThrottleLayer::new(self.clone())
    }

    /// Admits a request, or refuses it.
    ///
    /// Tell the permit how it ended with [`settle`](ovasabi_core::admit::Settle::settle).
    ///
    /// # Errors
    /// A [`Rejection`] of the kind `Shed`. It does not say when to come back: it is a matter of chance.
    pub fn try_acquire(&self) -> Result<Permit<Self>, Rejection> {
        let ticket = self.enter(self.shared.clock.now())?;
        Ok(Permit::new(self.clone(), ticket))
    }

    /// The probability with which a request is refused now, 0 to 1, were it enabled.
    #[must_use]
    pub fn rejection_rate(&self) -> f64 {
        self.shared.engine.rejection_rate(self.shared.clock.now())
    }

    /// Its numbers now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.shared)
    }

    /// Refuses nothing from now on, and goes on counting.
    pub fn disable(&self) {
        self.shared.set_enabled(false);
    }

    /// Decides for itself again.
    pub fn enable(&self) {
        self.shared.set_enabled(true);
    }

    /// Takes over all numbers of `builder`, and keeps what it has counted; the builder's name, clock and
    /// registry are ignored.
    ///
    /// A new length of the window is that of the tenths that begin from now on.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob whose value cannot work. Then nothing is changed.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a builder is made for this, and not needed after"
    )]
    pub fn reconfigure(&self, builder: ThrottleBuilder) -> Result<(), ConfigError> {
        let config = builder.checked(self.name())?;
        self.shared
            .engine
            .reconfigure(&config, self.shared.clock.now());
        Ok(())
    }

    /// The same throttle for the rest of the process, without counting references to it.
    ///
    /// A call through a layer of the returned handle saves two atomic operations: for threads that would share their
    /// count, and hardly to be measured on one. The throttle is
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
        Inspect::name(&*self.shared)
    }

    /// How many requests were admitted and have not ended.
    #[cfg(feature = "testkit")]
    pub(crate) fn under_way(&self) -> u64 {
        self.shared.engine.under_way()
    }

    pub(super) fn from_core(core: Arc<Inspected<Core>>) -> Self {
        Self {
            shared: Shared::Counted(core),
        }
    }

    /// Admits a call of a layer or a stack, at a time of its clock.
    #[inline(always)]
    pub(crate) fn enter(&self, now: Tick) -> Result<Ticket, Rejection> {
        self.shared.enter(now)
    }

    /// Ends an admission.
    #[inline(always)]
    pub(crate) fn leave(&self, ticket: Ticket, class: Class) {
        self.shared.engine.leave(ticket, class);
    }
}

impl Policy for Throttle {}

impl Gate for Throttle {
    type Ticket = Ticket;

    /// Draws once for each call, however often it is asked whether the service is ready.
    #[inline]
    fn look(&self, earlier: Outlook) -> Outlook {
        if earlier != Outlook::Open || self.shared.engine.is_calm() {
            return earlier;
        }
        if self.shared.wants_to_shed(self.shared.clock.now()) {
            Outlook::Refused
        } else {
            Outlook::Admitted
        }
    }

    #[inline(always)]
    fn enter(&self, outlook: Outlook, _facts: &Facts) -> Result<Ticket, Rejection> {
        match outlook {
            Outlook::Open => self.enter(self.shared.clock.now()),
            Outlook::Admitted => Ok(self.shared.engine.admit()),
            Outlook::Refused => Err(self.shared.shed(self.shared.clock.now())),
        }
    }

    #[inline(always)]
    fn leave(&self, ticket: Ticket, class: Class) {
        self.leave(ticket, class);
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle")
            .field("name", self.name())
            .field("rejection_rate", &self.rejection_rate())
            .finish_non_exhaustive()
    }
}
