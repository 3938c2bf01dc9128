//! What all handles, layers and calls of one policy share.

use std::time::Duration;

use ovasabi_core::Rejection;
use ovasabi_core::classify::Facts;
use ovasabi_core::reject::{Name, RejectKind};
use tokio::time::Instant;

use super::numbers::{Config, Numbers};
use super::ticket::{Limit, Ticket, nanos};
use super::totals::{Part, Tally, Totals};
use crate::config::{Check, ConfigError};

/// What the time is given for, which decides who is to blame when it is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The whole call, with all its pauses and retries: nobody.
    Total,
    /// One attempt: the service.
    Attempt,
}

impl Scope {
    /// What it is called in rejections and registries.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Total => "deadline",
            Self::Attempt => "timeout",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Core {
    pub(super) name: Name,
    pub(super) scope: Scope,
    numbers: Numbers,
    tally: Tally,
}

impl Core {
    pub(super) fn new(name: Name, scope: Scope, config: &Config) -> Self {
        Self {
            name,
            scope,
            numbers: Numbers::new(config),
            tally: Tally::default(),
        }
    }

    /// Admits a call, unless it has no time left. `limit` is its own instead of the policy's.
    ///
    /// The clock is read only for callers that bring a deadline.
    ///
    /// # Errors
    /// It has none, which has been counted.
    #[inline(always)]
    pub(crate) fn enter(
        &self,
        facts: &Facts,
        limit: Option<Duration>,
        now: impl FnOnce() -> Instant,
    ) -> Result<Ticket, OutOfTime> {
        let caller = facts.deadline();
        let own = limit.map_or_else(|| self.numbers.limit(), nanos);
        if own == 0 || caller.is_some_and(|at| at <= now()) {
            return Err(self.refuse());
        }
        Ok(Ticket::new(own, caller))
    }

    /// Until when those inside may think that they have time, for a call that begins `now`.
    ///
    /// # Errors
    /// The margin leaves nothing, which has been counted.
    pub(crate) fn until(
        &self,
        ticket: &mut Ticket,
        now: Instant,
    ) -> Result<Option<Instant>, OutOfTime> {
        let Some(due) = ticket.due(|| now) else {
            return Ok(None);
        };
        match due.at.checked_sub(self.numbers.transit_margin()) {
            Some(until) if until > now => Ok(Some(until)),
            _ => Err(self.refuse()),
        }
    }

    /// Counts that a call or a body was cut off, and says so.
    #[cold]
    pub(crate) fn cut_off(&self, part: Part, by: Limit) -> Rejection {
        self.tally.cut_off(part, by);
        let kind = match (by, self.scope) {
            (Limit::Own, Scope::Attempt) | (Limit::Idle, _) => RejectKind::TimedOut,
            // A caller that brings little time has not waited long enough to know whether the service is slow,
            // and could open every breaker around by bringing none.
            (Limit::Own, Scope::Total) | (Limit::Caller, _) => RejectKind::DeadlineExceeded,
        };
        self.rejection(kind)
    }

    pub(crate) fn body_idle(&self) -> Option<Duration> {
        self.numbers.body_idle()
    }

    pub(super) fn scope(&self) -> Scope {
        self.scope
    }

    pub(super) fn config(&self) -> Config {
        self.numbers.config()
    }

    pub(super) fn totals(&self) -> Totals {
        self.tally.totals()
    }

    /// # Errors
    /// Whatever is impossible in `config`; nothing has changed then.
    pub(super) fn set(&self, config: &Config) -> Result<(), ConfigError> {
        let mut check = Check::default();
        config.check(&mut check);
        check.finish(self.scope.label(), &self.name)?;
        self.numbers.set(config);
        tracing::info!(
            target: super::TARGET,
            name = self.name.as_str(),
            kind = self.scope.label(),
            limit = ?config.limit,
            body_idle = ?config.body_idle,
            transit_margin = ?config.transit_margin,
            "time limits changed"
        );
        Ok(())
    }

    pub(super) fn set_limit(&self, limit: Duration) -> Result<(), ConfigError> {
        self.set(&Config {
            limit,
            ..self.config()
        })
    }

    #[cold]
    fn refuse(&self) -> OutOfTime {
        self.tally.refused();
        OutOfTime
    }

    /// What a call hears that was [`OutOfTime`].
    #[cold]
    pub(super) fn refusal(&self) -> Rejection {
        self.rejection(RejectKind::DeadlineExceeded)
    }

    fn rejection(&self, kind: RejectKind) -> Rejection {
        Rejection::new(kind, self.scope.label(), self.name.clone())
    }
}

/// A call has no time left before it begins.
///
/// Not a [`Rejection`], for which every future would need room, and which can be made of the policy's name at any time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutOfTime;

/// What handles and permits hold.
pub(crate) type Shared = crate::shared::Shared<Core>;
