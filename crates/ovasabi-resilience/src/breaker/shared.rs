//! The engine with a name, a clock and listeners: what all handles share.

use std::time::Duration;

use ovasabi_core::classify::Class;
use ovasabi_core::reject::{Name, RejectKind, Rejection};
use ovasabi_core::time::{Clock, Tick};

use super::config::Config;
use super::events::Events;
use super::state::{Engine, Left};
use super::ticket::Refusal;
use super::window::Window;
use super::{Ticket, Transition};
use crate::config::{Check, ConfigError};

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
            engine: Engine::new(config.rules(), Window::new(config.sliding_window.0)),
            clock,
            name,
            events,
        }
    }

    #[inline(always)]
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
            // A listener may panic, and the first probe with it.
            let owed = Owed {
                core: self,
                ticket: step.answer.as_ref().ok().copied(),
            };
            self.publish(&transition);
            owed.hand_on();
        }
        step.answer.map_err(|refusal| self.rejection(refusal))
    }

    #[inline(always)]
    pub(super) fn leave(&self, ticket: Ticket, class: Class, now: impl Fn() -> Tick + Copy) {
        let left = self.engine.leave_plain(ticket, class, now);
        if left != Left::Done {
            self.leave_guarded(ticket, class, left, now);
        }
    }

    #[inline(never)]
    fn leave_guarded(&self, ticket: Ticket, class: Class, left: Left, now: impl FnOnce() -> Tick) {
        let transition = self.engine.leave(ticket, class, left, now);
        if let Some(transition) = transition {
            self.publish(&transition);
        } else if ticket.lease().is_some() {
            self.events.wake();
        }
    }

    /// Ends a call whose result says how long to leave the service alone.
    #[cold]
    pub(super) fn leave_asked(&self, ticket: Ticket, class: Class, asked: Duration, now: Tick) {
        self.leave(ticket, class, || now);
        if self.heeds(class)
            && let Some(transition) = self.engine.pause(ticket, asked, now)
        {
            self.publish(&transition);
        }
    }

    /// Whether it minds what a result of this class asks for.
    pub(super) fn heeds(&self, class: Class) -> bool {
        matches!(class, Class::Failure | Class::Throttled) && self.engine.pauses()
    }

    /// Whether a call would be refused.
    #[inline]
    pub(super) fn refuses(&self, now: impl FnOnce() -> Tick) -> bool {
        self.engine.refusal(now).is_some()
    }

    /// For how long a call would be refused, if it would.
    pub(super) fn refused_for(&self) -> Option<Duration> {
        let refusal = self.engine.refusal(|| self.now());
        refusal.map(|refusal| refusal.retry_after)
    }

    /// The refusal of a call that was told so before it came, whatever has happened since.
    #[cold]
    pub(super) fn refuse(&self, now: impl FnOnce() -> Tick) -> Rejection {
        self.engine.refused();
        let over = Refusal {
            kind: RejectKind::CircuitOpen,
            retry_after: AT_ONCE,
        };
        self.rejection(self.engine.refusal(now).unwrap_or(over))
    }

    /// Does something that may be a transition.
    pub(super) fn change(&self, change: impl FnOnce(&Engine, Tick) -> Option<Transition>) {
        if let Some(transition) = change(&self.engine, self.now()) {
            self.publish(&transition);
        }
    }

    /// Takes over other numbers.
    pub(super) fn reconfigure(&self, config: &Config) -> Result<(), ConfigError> {
        let mut check = Check::default();
        config.check(&mut check);
        self.check_kind(config, &mut check);
        check.finish(KIND, &self.name)?;
        self.change(|engine, now| engine.change(config.rules(), config.sliding_window.0, now));
        // There may be more probes than there were.
        self.events.wake();
        Ok(())
    }

    /// Looks whether the window is of the kind that it has.
    pub(super) fn check_kind(&self, config: &Config, check: &mut Check) {
        let window = config.sliding_window.0;
        if let Some(allowed) = self.engine.refuses_window(window) {
            check.problem("sliding_window", window, allowed);
        }
    }

    #[inline]
    pub(super) fn now(&self) -> Tick {
        self.clock.now()
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    #[inline]
    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn name(&self) -> &Name {
        &self.name
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

/// An admission that nobody has yet: given back, unless it is handed on.
struct Owed<'a> {
    core: &'a Core,
    ticket: Option<Ticket>,
}

impl Owed<'_> {
    fn hand_on(mut self) {
        self.ticket = None;
    }
}

impl Drop for Owed<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.core.leave(ticket, Class::Ignored, || self.core.now());
        }
    }
}

/// What handles and permits hold.
pub(crate) type Shared = crate::shared::Shared<Core>;

/// The break ended between the question and the call.
const AT_ONCE: Duration = Duration::from_nanos(1);
