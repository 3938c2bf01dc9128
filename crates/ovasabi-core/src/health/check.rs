//! What is asked, and how often.

use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;

use super::Status;
use crate::Context;

/// Something that a service needs and that can be asked how it is: a database, a cache, a disk.
#[async_trait]
pub trait Check: Send + Sync + 'static {
    /// What it is called in the report. Unique within a [`Health`](super::Health).
    fn name(&self) -> &str;

    /// How it is. Dropped when its timeout has passed, which is the deadline of `cx` too.
    async fn check(&self, cx: &Context) -> Status;
}

/// A check made of a closure, which may answer with a [`Status`] or with a `Result`.
///
/// ```
/// use ovasabi_core::health::check_fn;
///
/// let disk = check_fn("disk", async |_cx| Ok::<_, ovasabi_core::Error>(()));
/// # let _ = disk;
/// ```
pub fn check_fn<F, R>(
    name: impl Into<String>,
    check: impl Fn(Context) -> F + Send + Sync + 'static,
) -> impl Check
where
    F: Future<Output = R> + Send + 'static,
    R: Into<Status>,
{
    CheckFn {
        name: name.into(),
        check,
    }
}

struct CheckFn<C> {
    name: String,
    check: C,
}

#[async_trait]
impl<C, F, R> Check for CheckFn<C>
where
    C: Fn(Context) -> F + Send + Sync + 'static,
    F: Future<Output = R> + Send + 'static,
    R: Into<Status>,
{
    fn name(&self) -> &str {
        &self.name
    }

    async fn check(&self, cx: &Context) -> Status {
        let answer = (self.check)(cx.clone());
        answer.await.into()
    }
}

/// In which groups a check is, and how it is asked.
///
/// The default is a critical check of the ready group, asked at most every 2 s, with 1 s to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct CheckOptions {
    pub(super) ready: bool,
    pub(super) startup: bool,
    pub(super) critical: bool,
    pub(super) timeout: Duration,
    pub(super) ttl: Duration,
}

impl CheckOptions {
    /// A check of the ready group.
    pub const fn ready() -> Self {
        Self {
            ready: true,
            startup: false,
            critical: true,
            timeout: Duration::from_secs(1),
            ttl: Duration::from_secs(2),
        }
    }

    /// A check of the startup group alone: not asked any more once all of the group were up.
    pub const fn startup() -> Self {
        Self {
            ready: false,
            startup: true,
            ..Self::ready()
        }
    }

    /// A check of both groups.
    pub const fn both() -> Self {
        Self {
            startup: true,
            ..Self::ready()
        }
    }

    /// Counts its `Down` as `Degraded`: the service goes on without it. Default: critical.
    pub const fn optional(mut self) -> Self {
        self.critical = false;
        self
    }

    /// How long it may take; then it counts as down. Default 1 s, and less than the probe's own timeout.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long an answer is told again before the check is asked anew. Default 2 s; 0 asks anew as soon as
    /// the one before has ended.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self::ready()
    }
}
