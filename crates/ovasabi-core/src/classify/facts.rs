//! What the layers know of a request before the call.

use std::num::NonZeroU32;

use tokio::time::Instant;

/// Reads the [`Facts`] of a request.
pub trait ReadRequest<Req: ?Sized> {
    /// The facts of `request`; called once, before the call, on the hot path.
    fn facts(&self, request: &Req) -> Facts;
}

/// What layers need to know of a request: one small `Copy` value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Facts {
    idempotent: bool,
    head_only: bool,
    grpc: bool,
    priority: Priority,
    cost: NonZeroU32,
    deadline: Option<Instant>,
}

/// How much a request matters when not all can be served; the default is [`Priority::Normal`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Priority {
    /// Can wait for a quiet hour: refreshes, warm-ups.
    Background,
    /// May be lost under load.
    Low,
    /// The usual request.
    #[default]
    Normal,
    /// Somebody waits for it, or money moves.
    High,
    /// Refused last: health, login, payment.
    Critical,
}

impl Facts {
    /// The facts of a request about which nothing is known: not idempotent, cost 1, normal priority.
    pub const fn new() -> Self {
        Self {
            idempotent: false,
            head_only: false,
            grpc: false,
            priority: Priority::Normal,
            cost: NonZeroU32::MIN,
            deadline: None,
        }
    }

    /// Whether doing it twice does the same as doing it once. Default: no.
    pub const fn with_idempotent(mut self, yes: bool) -> Self {
        self.idempotent = yes;
        self
    }

    /// Whether its response has no body whatever its headers say (`HEAD`). Default: no.
    pub const fn with_head_only(mut self, yes: bool) -> Self {
        self.head_only = yes;
        self
    }

    /// Whether it is gRPC, by its content type. Default: no.
    pub const fn with_grpc(mut self, yes: bool) -> Self {
        self.grpc = yes;
        self
    }

    /// How much it matters. Default: [`Priority::Normal`].
    pub const fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// What it costs, in units of the quotas that it meets. Default: 1.
    pub const fn with_cost(mut self, cost: NonZeroU32) -> Self {
        self.cost = cost;
        self
    }

    /// When its caller stops waiting. Default: never.
    pub const fn with_deadline(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    /// Whether doing it twice does the same as doing it once.
    #[must_use]
    pub const fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    /// Whether its response has no body.
    #[must_use]
    pub const fn is_head_only(&self) -> bool {
        self.head_only
    }

    /// Whether it is gRPC.
    #[must_use]
    pub const fn is_grpc(&self) -> bool {
        self.grpc
    }

    /// How much it matters.
    #[must_use]
    pub const fn priority(&self) -> Priority {
        self.priority
    }

    /// What it costs.
    #[must_use]
    pub const fn cost(&self) -> NonZeroU32 {
        self.cost
    }

    /// When its caller stops waiting.
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

impl Default for Facts {
    fn default() -> Self {
        Self::new()
    }
}
