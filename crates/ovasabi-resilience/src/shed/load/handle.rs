//! The handle.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::classify::{Class, Facts, Priority};
use ovasabi_core::inspect::{Inspect, Inspected};
use ovasabi_core::reject::Name;
use ovasabi_core::time::Tick;

use super::super::policy::{Gate, Outlook};
use super::super::{LoadShedLayer, Permit, Policy};
use super::engine::Ticket;
use super::shared::Core;
use super::{LoadShedBuilder, Snapshot};
use crate::config::ConfigError;
use crate::shared::Shared;

/// A server's load shedder: refuses what it has no time for, the least important first.
///
/// Cheap to clone; clones, and the layers and services made of them, share one state. See the
/// [module](super) for what it does, and [`LoadShedBuilder`] for its knobs.
#[derive(Clone)]
pub struct LoadShed {
    shared: Shared<Core>,
}

impl LoadShed {
    /// Starts to build one with this name, which shows in rejections, metrics and logs.
    pub fn builder(name: impl Into<Name>) -> LoadShedBuilder {
        LoadShedBuilder::new(name.into())
    }

    /// A layer that is a view of it.
    pub fn layer(&self) -> LoadShedLayer {
        LoadShedLayer::new(self.clone())
    }

    /// Admits a call, or refuses it. It is under way until the permit is settled or dropped.
    ///
    /// # Errors
    /// A [`Rejection`] of the kind `Shed`. It does not say when to come back: nobody knows.
    pub fn try_acquire(&self, priority: Priority) -> Result<Permit<Self>, Rejection> {
        let ticket = self.enter(priority, || self.shared.clock.now())?;
        Ok(Permit::new(self.clone(), ticket))
    }

    /// Notes that something waited for so long before it was begun: a connection before it was accepted, a job
    /// before it was taken up, a task before it was polled.
    ///
    /// For those who keep a queue, told of each as it leaves the queue, whether it is then refused or not.
    pub fn observe_queue_delay(&self, waited: Duration) {
        self.shared.observe(waited);
    }

    /// Measures how long a task of this runtime waits to be polled, every so often, and notes it as
    /// [`observe_queue_delay`](Self::observe_queue_delay) does. Ends when nobody else has the load shedder.
    ///
    /// For a task of your own, which should measure several times in an
    /// [interval](LoadShedBuilder::queue_delay_interval): every 20 ms suits the default.
    ///
    /// # Cancel safety
    /// Nothing is lost if it is dropped: nobody measures any more.
    pub async fn watch_runtime(self, every: Duration) {
        match self.shared {
            Shared::Counted(core) => {
                let weak = Arc::downgrade(&core);
                drop(core);
                loop {
                    tokio::time::sleep(every).await;
                    let Some(core) = weak.upgrade() else { return };
                    core.measure_runtime().await;
                }
            }
            Shared::Static(core) => loop {
                tokio::time::sleep(every).await;
                core.measure_runtime().await;
            },
        }
    }

    /// The highest of what the signals say now, 0 to 1.
    #[must_use]
    pub fn pressure(&self) -> f64 {
        self.shared.engine.pressure(self.shared.clock.now())
    }

    /// How many calls are under way.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.shared.engine.in_flight()
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

    /// Takes over all numbers of `builder`, and keeps what is under way and what it has seen; the builder's
    /// name, clock and registry are ignored.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob whose value cannot work, and when a probe is set, which cannot change.
    /// Then nothing is changed.
    pub fn reconfigure(&self, builder: LoadShedBuilder) -> Result<(), ConfigError> {
        let config = builder.into_live(self.name())?;
        self.shared.engine.reconfigure(&config);
        Ok(())
    }

    /// The same for the rest of the process, without counting references to it.
    ///
    /// A call through a layer of the returned handle saves two atomic operations: for threads that would share their
    /// count, and hardly to be measured on one. It is never
    /// freed: for the few that are made at start-up. Those made from the other handles share its state.
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

    pub(super) fn from_core(core: Arc<Inspected<Core>>) -> Self {
        Self {
            shared: Shared::Counted(core),
        }
    }

    /// Admits a call of a layer. The time is asked only where something depends on it.
    #[inline(always)]
    pub(crate) fn enter(
        &self,
        priority: Priority,
        now: impl Fn() -> Tick,
    ) -> Result<Ticket, Rejection> {
        self.shared.enter(priority, now)
    }

    /// Ends an admission.
    #[inline(always)]
    pub(crate) fn leave(&self, ticket: Ticket) {
        self.shared.engine.leave(ticket);
    }

    /// The refusal of a call for which [`refuses_all`](Self::refuses_all) has answered.
    #[cold]
    pub(crate) fn refuse(&self, priority: Priority) -> Rejection {
        self.shared.refuse(priority)
    }

    /// Whether every call would be refused now, whatever its priority.
    #[inline]
    pub(crate) fn refuses_all(&self) -> bool {
        self.shared.refuses_all()
    }
}

impl Policy for LoadShed {}

impl Gate for LoadShed {
    type Ticket = Ticket;

    #[inline]
    fn look(&self, _earlier: Outlook) -> Outlook {
        if self.refuses_all() {
            Outlook::Refused
        } else {
            Outlook::Open
        }
    }

    #[inline(always)]
    fn enter(&self, outlook: Outlook, facts: &Facts) -> Result<Ticket, Rejection> {
        match outlook {
            Outlook::Refused => Err(self.refuse(facts.priority())),
            Outlook::Open | Outlook::Admitted => {
                self.enter(facts.priority(), || self.shared.clock.now())
            }
        }
    }

    #[inline(always)]
    fn leave(&self, ticket: Ticket, _class: Class) {
        self.leave(ticket);
    }
}

impl fmt::Debug for LoadShed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadShed")
            .field("name", self.name())
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}
