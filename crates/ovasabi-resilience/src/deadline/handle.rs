//! The handle.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::classify::Facts;
use ovasabi_core::inspect::{Inspect, Inspected, Snapshot};
use ovasabi_core::reject::Name;
use ovasabi_core::{Context, Rejection};
use tokio::time::Instant;

use super::shared::{Core, Scope, Shared};
use super::timer::Timer;
use super::totals::Part;
use super::{DeadlineBuilder, DeadlineLayer, Totals};
use crate::config::ConfigError;

/// How long calls may take: a name, numbers that can be changed while they are used, and counters.
///
/// Cheap to clone; clones, and the layers and services made of them, share the numbers and the counters.
///
/// ```
/// use std::time::Duration;
/// use ovasabi_resilience::deadline::Deadline;
///
/// let timeout = Deadline::per_attempt("ledger", Duration::from_secs(1)).build()?;
/// let layer = timeout.layer();
/// timeout.set_limit(Duration::from_millis(300))?; // the layer too, from the next call on
/// assert!(timeout.set_limit(Duration::ZERO).is_err());
/// # Ok::<(), ovasabi_core::Error>(())
/// ```
#[doc(alias = "Timeout", alias = "TimeLimiter")]
#[derive(Clone)]
pub struct Deadline {
    shared: Shared,
}

impl Deadline {
    /// Starts to build the limit of a whole call, with all that it waits for and tries again.
    ///
    /// `limit` is 1 ms or more; [`Duration::MAX`] has the caller's deadline alone. When it is up, that is
    /// `DeadlineExceeded`: no failure of the service, and not to be tried again.
    pub fn total(name: impl Into<Name>, limit: Duration) -> DeadlineBuilder {
        DeadlineBuilder::new(name.into(), Scope::Total, limit)
    }

    /// Starts to build the limit of one attempt.
    ///
    /// `limit` is 1 ms or more; [`Duration::MAX`] has the caller's deadline alone. When it is up, that is
    /// `TimedOut`: a failure of the service for a breaker around it, and tried again if it is idempotent. When
    /// the caller's deadline is up, it is `DeadlineExceeded` here too.
    #[doc(alias = "timeout")]
    pub fn per_attempt(name: impl Into<Name>, limit: Duration) -> DeadlineBuilder {
        DeadlineBuilder::new(name.into(), Scope::Attempt, limit)
    }

    /// A layer that is a view of this policy.
    pub fn layer(&self) -> DeadlineLayer {
        DeadlineLayer::new(self.clone())
    }

    /// Runs `work` for no longer than the limit and the deadline of `context` allow.
    ///
    /// Its own time runs from when `work` first has to wait. A result that is there at the same moment wins.
    ///
    /// # Errors
    /// The [`Rejection`]; `work` has been dropped then, or was never polled if there was no time left.
    ///
    /// # Panics
    /// When it has to wait outside of a tokio runtime with timers.
    ///
    /// # Cancel safety
    /// Dropping the future drops `work`.
    pub async fn run<F: Future>(&self, context: &Context, work: F) -> Result<F::Output, Rejection> {
        let facts = Facts::new().with_deadline(context.deadline());
        let Ok(mut ticket) = self.shared.enter(&facts, None, Instant::now) else {
            return Err(self.shared.refusal());
        };
        let by = {
            let (mut work, mut timer) = (pin!(work), pin!(Timer::default()));
            let ended = std::future::poll_fn(|cx| {
                if let std::task::Poll::Ready(output) = work.as_mut().poll(cx) {
                    return std::task::Poll::Ready(Ok(output));
                }
                timer
                    .as_mut()
                    .poll_due(ticket.due(Instant::now), cx)
                    .map(Err)
            });
            match ended.await {
                Ok(output) => return Ok(output),
                Err(by) => by,
            }
        };
        Err(self.shared.cut_off(Part::Head, by))
    }

    /// How long a call may take; [`Duration::MAX`] when it has the caller's deadline alone.
    #[must_use]
    pub fn limit(&self) -> Duration {
        self.shared.config().limit
    }

    /// How long a body may send nothing.
    #[must_use]
    pub fn body_idle(&self) -> Option<Duration> {
        self.shared.config().body_idle
    }

    /// What is kept back from those inside.
    #[must_use]
    pub fn transit_margin(&self) -> Duration {
        self.shared.config().transit_margin
    }

    /// Changes how long a call may take, for calls that begin after.
    ///
    /// # Errors
    /// [`ConfigError`] when it is less than 1 ms, or not more than the margin. Nothing has changed then.
    pub fn set_limit(&self, limit: Duration) -> Result<(), ConfigError> {
        self.shared.set_limit(limit)
    }

    /// Takes over all numbers of `builder`, whose name and registry do not matter. Nothing else is lost.
    ///
    /// Calls under way keep their limit; bodies under way get the new idle time when they are polled next.
    ///
    /// # Errors
    /// [`ConfigError`] with every knob whose value cannot work, and when `builder` builds the other kind:
    /// a total does not become a limit per attempt. Nothing has changed then.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "as `build`, which it stands for"
    )]
    pub fn reconfigure(&self, builder: DeadlineBuilder) -> Result<(), ConfigError> {
        self.shared.set(builder.config_for(&self.shared)?)
    }

    /// What was counted since it was built.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.shared.totals()
    }

    /// Its numbers now, as a registry shows them.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.snapshot()
    }

    /// The same policy for the rest of the process, without counting references to it.
    ///
    /// A call through a layer of the returned handle saves two atomic operations: for threads that would share their
    /// count, and hardly to be measured on one. The policy is
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

    pub(super) fn from_core(core: Arc<Inspected<Core>>) -> Self {
        Self {
            shared: Shared::Counted(core),
        }
    }

    #[inline]
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }
}

impl fmt::Debug for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deadline")
            .field("kind", &self.shared.kind())
            .field("name", self.name())
            .field("limit", &self.limit())
            .finish_non_exhaustive()
    }
}
