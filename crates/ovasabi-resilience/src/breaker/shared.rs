//! The engine with a name, a clock and listeners: what all handles share.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::classify::Class;
use ovasabi_core::inspect::{Control, ControlError, Inspect, Inspected};
use ovasabi_core::reject::{Name, RejectKind, Rejection};
use ovasabi_core::time::{Clock, Tick};

use super::config::Config;
use super::events::Events;
use super::state::{Engine, Left};
use super::ticket::{Refusal, Ticket};
use super::{Mode, Snapshot, Transition};

/// What a breaker is called in rejections, metrics and registries.
pub(crate) const KIND: &str = "circuit_breaker";

#[derive(Debug)]
pub(crate) struct Core {
    engine: Engine,
    clock: Clock,
    name: Name,
    events: Events,
}

impl Core {
    pub(super) fn new(name: Name, clock: Clock, config: &Config, events: Events) -> Self {
        Self {
            engine: Engine::new(config.rules(), config.sliding_window.build()),
            clock,
            name,
            events,
        }
    }

    #[inline]
    pub(super) fn enter(&self, now: impl FnOnce() -> Tick) -> Result<Ticket, Rejection> {
        match self.engine.enter_plain(now) {
            Ok(ticket) => Ok(ticket),
            Err(now) => self.enter_guarded(now()),
        }
    }

    #[cold]
    fn enter_guarded(&self, now: Tick) -> Result<Ticket, Rejection> {
        let step = self.engine.enter(now);
        if let Some(transition) = step.transition {
            self.publish(&transition);
        }
        step.answer.map_err(|refusal| self.rejection(refusal))
    }

    #[inline]
    pub(super) fn leave(&self, ticket: Ticket, class: Class) {
        let left = self.engine.leave_plain(ticket, class, || self.now());
        if left != Left::Done {
            self.leave_guarded(ticket, class, left);
        }
    }

    #[inline(never)]
    fn leave_guarded(&self, ticket: Ticket, class: Class, left: Left) {
        if let Some(transition) = self.engine.leave(ticket, class, left, || self.now()) {
            self.publish(&transition);
        }
    }

    /// Whether a call would be refused now.
    #[inline]
    pub(super) fn refuses(&self) -> bool {
        self.engine.refusal(|| self.now()).is_some()
    }

    /// The refusal of a call that was told so before it came, whatever has happened since.
    #[cold]
    pub(super) fn refuse(&self) -> Rejection {
        self.engine.refused();
        let over = Refusal {
            kind: RejectKind::CircuitOpen,
            retry_after: AT_ONCE,
        };
        self.rejection(self.engine.refusal(|| self.now()).unwrap_or(over))
    }

    /// Does something that may be a transition.
    pub(super) fn change(&self, change: impl FnOnce(&Engine, Tick) -> Option<Transition>) {
        if let Some(transition) = change(&self.engine, self.now()) {
            self.publish(&transition);
        }
    }

    #[inline]
    pub(super) fn now(&self) -> Tick {
        self.clock.now()
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn events(&self) -> &Events {
        &self.events
    }

    fn publish(&self, transition: &Transition) {
        self.events.publish(&self.name, transition);
    }

    #[cold]
    fn rejection(&self, refusal: Refusal) -> Rejection {
        Rejection::new(refusal.kind, KIND, self.name.clone()).retry_after(refusal.retry_after)
    }
}

/// The state that handles and permits share.
#[derive(Clone)]
pub(crate) enum Shared {
    Counted(Arc<Inspected<Core>>),
    Static(&'static Inspected<Core>),
}

impl Shared {
    pub(super) fn is_only_handle(&self) -> bool {
        matches!(self, Self::Counted(core) if Arc::strong_count(core) == 1)
    }
}

impl Deref for Shared {
    type Target = Core;

    #[inline]
    fn deref(&self) -> &Core {
        match self {
            Self::Counted(core) => core,
            Self::Static(core) => core,
        }
    }
}

/// The break ended between the question and the call.
const AT_ONCE: Duration = Duration::from_nanos(1);

const CONTROLS: &[Control] = &[
    Control {
        action: "force_open",
        help: "rejects all calls",
        argument: "",
    },
    Control {
        action: "disable",
        help: "lets all calls through and counts nothing",
        argument: "",
    },
    Control {
        action: "metrics_only",
        help: "lets all calls through and counts them",
        argument: "",
    },
    Control {
        action: "auto",
        help: "decides for itself again",
        argument: "",
    },
    Control {
        action: "reset",
        help: "closes and forgets all calls",
        argument: "",
    },
];

impl Inspect for Core {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> ovasabi_core::inspect::Snapshot {
        Snapshot::of(&self.engine, self.now()).to_inspect()
    }

    fn controls(&self) -> &'static [Control] {
        CONTROLS
    }

    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        if argument.is_some() {
            return Err(ControlError::argument(action, argument, "none"));
        }
        let mode = match action {
            "force_open" => Mode::ForcedOpen,
            "disable" => Mode::Disabled,
            "metrics_only" => Mode::MetricsOnly,
            "auto" => Mode::Auto,
            "reset" => {
                self.change(Engine::reset);
                return Ok(());
            }
            _ => return Err(ControlError::unknown(action, CONTROLS)),
        };
        self.change(|engine, now| engine.force(mode, now));
        Ok(())
    }
}
