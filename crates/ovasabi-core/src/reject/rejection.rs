//! The rejection.

use std::fmt;
use std::time::Duration;

use super::Name;
use crate::error::{Code, Error};

/// A refusal by one of our layers: why, by which layer and policy, and when to come back.
///
/// Making and cloning one never allocates.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a refusal that is dropped lets the caller believe it was admitted"]
pub struct Rejection {
    kind: RejectKind,
    layer: &'static str,
    policy: Name,
    retry_after: Option<Duration>,
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectKind {
    /// The circuit is open: the service behind is taken to be down.
    CircuitOpen,
    /// The circuit is half open and all its probes are under way.
    ProbesTaken,
    /// The rate is used up.
    RateLimited,
    /// The request costs more than the rate can ever give at once; no retry helps.
    CostTooHigh,
    /// All slots are taken.
    AtCapacity,
    /// It waited in a queue for as long as it may.
    QueueTimeout,
    /// The deadline of the caller has passed, or leaves too little time.
    DeadlineExceeded,
    /// The service did not answer within the time that the layer gives it. The one kind that says something
    /// about the service behind: it counts as its failure, and may be tried again if idempotent.
    TimedOut,
    /// Shed, because the process has too much to do.
    Shed,
    /// No endpoint can take it.
    NoEndpoint,
    /// Its caller has gone, or its context was cancelled.
    Cancelled,
}

impl RejectKind {
    /// A stable label for logs and metrics, such as `circuit_open`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::CircuitOpen => "circuit_open",
            Self::ProbesTaken => "probes_taken",
            Self::RateLimited => "rate_limited",
            Self::CostTooHigh => "cost_too_high",
            Self::AtCapacity => "at_capacity",
            Self::QueueTimeout => "queue_timeout",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::TimedOut => "timed_out",
            Self::Shed => "shed",
            Self::NoEndpoint => "no_endpoint",
            Self::Cancelled => "cancelled",
        }
    }

    /// The canonical code that clients see.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::RateLimited | Self::CostTooHigh => Code::ResourceExhausted,
            Self::DeadlineExceeded | Self::TimedOut => Code::DeadlineExceeded,
            Self::Cancelled => Code::Cancelled,
            Self::CircuitOpen
            | Self::ProbesTaken
            | Self::AtCapacity
            | Self::QueueTimeout
            | Self::Shed
            | Self::NoEndpoint => Code::Unavailable,
        }
    }
}

impl Rejection {
    /// A refusal by the policy `policy` of the layer `layer` (a stable name such as `rate_limit`).
    pub fn new(kind: RejectKind, layer: &'static str, policy: impl Into<Name>) -> Self {
        Self {
            kind,
            layer,
            policy: policy.into(),
            retry_after: None,
        }
    }

    /// When a retry can succeed at the earliest, exact to the nanosecond; headers round it up.
    pub fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> RejectKind {
        self.kind
    }

    /// Which kind of layer.
    #[must_use]
    pub fn layer(&self) -> &'static str {
        self.layer
    }

    /// The name of the policy.
    #[must_use]
    pub fn policy(&self) -> &Name {
        &self.policy
    }

    /// When a retry can succeed at the earliest.
    #[must_use]
    pub fn retry_delay(&self) -> Option<Duration> {
        self.retry_after
    }

    /// What clients see, without the rejection as its private cause. The policy's name stays inside.
    pub(super) fn to_public_error(&self) -> Error {
        let error = Error::new(self.kind.code(), self.kind.label());
        let error = if self.kind == RejectKind::CostTooHigh {
            error.retryable(false)
        } else {
            error
        };
        match self.retry_after {
            Some(delay) => error.retry_after(delay),
            None => error,
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} by {} `{}`",
            self.kind.label(),
            self.layer,
            self.policy
        )?;
        match self.retry_after {
            Some(delay) => write!(f, ", retry after {delay:?}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Rejection {}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        rejection.to_public_error().caused_by(rejection)
    }
}
