//! What a breaker is, and what it became.

use std::fmt;
use std::time::Duration;

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Lets calls through and watches them.
    Closed,
    /// Rejects all calls until the break is over.
    Open,
    /// The break is over: lets a few probes through, which decide.
    HalfOpen,
    /// Rejects all calls until told otherwise.
    ForcedOpen,
    /// Lets all calls through and counts nothing.
    Disabled,
    /// Lets all calls through and counts them.
    MetricsOnly,
}

/// Who decides: the breaker, or somebody outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// The breaker decides: [`State::Closed`], [`State::Open`] or [`State::HalfOpen`].
    #[default]
    Auto,
    /// Rejects all calls: [`State::ForcedOpen`].
    #[doc(alias = "isolated")]
    ForcedOpen,
    /// Lets all calls through and counts nothing: [`State::Disabled`].
    #[doc(alias = "forced_closed")]
    Disabled,
    /// Lets all calls through and counts them, to try a configuration out: [`State::MetricsOnly`].
    MetricsOnly,
}

/// Why a breaker changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// Too many calls in a row failed.
    ConsecutiveFailures,
    /// Too large a share of the window failed.
    FailureRate,
    /// Too large a share of the window was slow.
    SlowCallRate,
    /// [`CircuitBreaker::trip`](super::CircuitBreaker::trip) was called.
    Tripped,
    /// The service said how long to leave it alone.
    RetryAfter,
    /// The break is over and the first probe came.
    BreakOver,
    /// The probes were well.
    ProbesSucceeded,
    /// Too many probes failed.
    ProbesFailed,
    /// Too many probes were slow.
    ProbesSlow,
    /// [`CircuitBreaker::force`](super::CircuitBreaker::force) was called.
    Forced,
    /// [`CircuitBreaker::reset`](super::CircuitBreaker::reset) was called.
    Reset,
}

/// One change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    pub(super) from: State,
    pub(super) to: State,
    pub(super) cause: Cause,
    pub(super) generation: u64,
    pub(super) wait: Option<Duration>,
}

impl Transition {
    /// What it was.
    #[must_use]
    pub fn from(&self) -> State {
        self.from
    }

    /// What it is now.
    #[must_use]
    pub fn to(&self) -> State {
        self.to
    }

    /// Why.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// A number that grows with each transition in the life of this breaker.
    ///
    /// A [`reset`](super::CircuitBreaker::reset) of a closed breaker is no transition, but takes a number too:
    /// calls under way are void after it. So it may leave one out.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// How long the break lasts, when it opened.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        self.wait
    }
}

impl State {
    /// The labels of all states, in a fixed order.
    pub const LABELS: &'static [&'static str] = &[
        "closed",
        "open",
        "half_open",
        "forced_open",
        "disabled",
        "metrics_only",
    ];

    /// A stable label for logs and metrics, such as `half_open`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::Disabled => "disabled",
            Self::MetricsOnly => "metrics_only",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl Cause {
    /// A stable label for logs and metrics, such as `failure_rate`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ConsecutiveFailures => "consecutive_failures",
            Self::FailureRate => "failure_rate",
            Self::SlowCallRate => "slow_call_rate",
            Self::Tripped => "tripped",
            Self::RetryAfter => "retry_after",
            Self::BreakOver => "break_over",
            Self::ProbesSucceeded => "probes_succeeded",
            Self::ProbesFailed => "probes_failed",
            Self::ProbesSlow => "probes_slow",
            Self::Forced => "forced",
            Self::Reset => "reset",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
