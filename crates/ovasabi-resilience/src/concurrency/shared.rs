//! The engine with a name and a clock: what all handles share.

use std::task::Waker;

use ovasabi_core::Rejection;
use ovasabi_core::classify::{Class, Priority, Verdict};
use ovasabi_core::reject::Name;
use ovasabi_core::time::{Clock, Tick};

use super::adaptive::Adaptive;
use super::config::{Config, Limit};
use super::engine::{Engine, Move, Start};
use super::level::Level;
use super::queue::{Late, Place};
use super::ticket::{Refusal, Ticket};
use super::{ConcurrencyLimiterBuilder, events};
use crate::config::{Check, ConfigError};

/// What a limiter is called in errors and registries.
pub(super) const KIND: &str = "concurrency_limiter";
/// What rejections call the layer.
pub(super) const LAYER: &str = "concurrency_limit";

#[derive(Debug)]
pub(crate) struct Core {
    engine: Engine,
    clock: Clock,
    name: Name,
}

impl Core {
    pub(super) fn new(name: Name, clock: Clock, config: Config) -> Self {
        Self {
            engine: Engine::new(config, clock.now()),
            clock,
            name,
        }
    }

    #[inline(always)]
    pub(super) fn enter(
        &self,
        priority: Priority,
        now: impl FnOnce() -> Tick,
    ) -> Result<Ticket, Rejection> {
        self.engine
            .enter(Level::from(priority), now)
            .map_err(|refusal| self.rejection(refusal))
    }

    /// Notes the head of the response, where latency matters.
    #[inline(always)]
    pub(super) fn at_head(
        &self,
        ticket: Ticket,
        verdict: &Verdict,
        now: impl FnOnce() -> Tick,
    ) -> Ticket {
        if self.engine.is_adaptive() {
            ticket.at_head(verdict, now())
        } else {
            ticket
        }
    }

    #[inline(always)]
    pub(super) fn leave(&self, ticket: Ticket, class: Class, now: impl Fn() -> Tick) {
        if let Some(moved) = self.engine.leave(ticket, class, now) {
            self.moved(moved);
        }
    }

    #[inline]
    pub(super) fn enter_now(&self, priority: Priority) -> Option<Ticket> {
        self.engine.enter_now(Level::from(priority), || self.now())
    }

    pub(super) fn wait(
        &self,
        priority: Priority,
        deadline: Option<Tick>,
        now: Tick,
        waker: &Waker,
    ) -> Result<Start, Rejection> {
        self.engine
            .wait(Level::from(priority), deadline, now, waker)
            .map_err(|refusal| self.rejection(refusal))
    }

    pub(super) fn ask(&self, place: Place, waker: &Waker) -> Option<Result<Ticket, Rejection>> {
        let told = self.engine.ask(place, waker)?;
        Some(told.map_err(|refusal| self.rejection(refusal)))
    }

    pub(super) fn time_out(&self, place: Place, late: Late) -> Result<Ticket, Rejection> {
        self.engine
            .time_out(place, late)
            .map_err(|refusal| self.rejection(refusal))
    }

    pub(super) fn abandon(&self, place: Place) {
        self.engine.abandon(place, || self.now());
    }

    /// The refusal of a call that was told so before it came, or came too late.
    #[cold]
    pub(super) fn refuse(&self, refusal: Refusal) -> Rejection {
        self.rejection(self.engine.refuse(refusal))
    }

    pub(super) fn set_limit(&self, limit: u32) -> Result<(), ConfigError> {
        let before = self.engine.limit();
        if let Err((min, max)) = self.engine.set_limit(limit, self.now()) {
            let mut check = Check::default();
            check.range("limit", limit, min..=max);
            return check.finish(KIND, &self.name);
        }
        events::limit_set(&self.name, before, limit);
        Ok(())
    }

    pub(super) fn reconfigure(
        &self,
        builder: ConcurrencyLimiterBuilder,
    ) -> Result<(), ConfigError> {
        let config = builder.into_config(&self.name, |check, limit| {
            let is_adaptive = matches!(limit, Limit::Adaptive(_));
            if is_adaptive != self.engine.is_adaptive() {
                let kind = |is_adaptive| if is_adaptive { "adaptive" } else { "fixed" };
                let allowed = format!(
                    "{}, as it was built: what adapts needs room for its samples",
                    kind(self.engine.is_adaptive())
                );
                check.problem("limit", kind(is_adaptive), allowed);
            }
        })?;
        let before = self.engine.limit();
        self.engine.reconfigure(config, self.now());
        events::limit_set(&self.name, before, self.engine.limit());
        Ok(())
    }

    #[inline]
    pub(super) fn now(&self) -> Tick {
        self.clock.now()
    }

    #[inline]
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn name(&self) -> &Name {
        &self.name
    }

    #[cold]
    fn moved(&self, moved: Move) {
        let algorithm = self.engine.adaptive().map_or("", Adaptive::algorithm);
        events::limit_moved(&self.name, moved, algorithm);
    }

    #[cold]
    fn rejection(&self, refusal: Refusal) -> Rejection {
        Rejection::new(refusal.kind(), LAYER, self.name.clone())
    }
}

/// What handles and permits hold.
pub(super) type Shared = crate::shared::Shared<Core>;
