//! How a runner is made.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::handler::{Handle, Typed};
use super::{Job, JobContext, JobQueue, JobRunner, Outcome};
use crate::backoff::{Backoff, Exponential};
use crate::inspect::Registry;
use crate::reject::Name;
use crate::{Code, Error, Result};

/// Makes a [`JobRunner`]. Made by [`JobRunner::builder`].
#[must_use = "a builder does nothing until it builds the runner"]
pub struct JobRunnerBuilder {
    pub(super) queue: JobQueue,
    pub(super) name: Name,
    pub(super) handlers: BTreeMap<&'static str, Arc<dyn Handle>>,
    twice: Vec<&'static str>,
    pub(super) settings: Settings,
    pub(super) backoff: Arc<dyn Backoff>,
    pub(super) registry: Option<Registry>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) concurrency: usize,
    pub(super) lease: Duration,
    pub(super) timeout: Duration,
    pub(super) poll: Duration,
    pub(super) max_crashes: u32,
    pub(super) soft: Duration,
    pub(super) hard: Duration,
}

impl JobRunnerBuilder {
    pub(super) fn new(name: Name, queue: JobQueue) -> Self {
        Self {
            queue,
            name,
            handlers: BTreeMap::new(),
            twice: Vec::new(),
            settings: Settings {
                concurrency: 8,
                lease: Duration::from_secs(30),
                timeout: Duration::from_secs(300),
                poll: Duration::from_secs(1),
                max_crashes: 3,
                soft: Duration::from_secs(10),
                hard: Duration::from_secs(5),
            },
            backoff: Arc::new(Exponential::new(
                Duration::from_secs(1),
                Duration::from_secs(6 * 3600),
            )),
            registry: None,
        }
    }

    /// Does jobs of kind `J` with `handler`. It may run more than once for one job, and two of them at once for one job
    /// never while its lease is kept.
    pub fn handle<J, F, W>(mut self, handler: F) -> Self
    where
        J: Job,
        F: Fn(JobContext, J) -> W + Send + Sync + 'static,
        W: Future<Output = Result<Outcome>> + Send + 'static,
    {
        let handler = Arc::new(Typed::<J, F>::new(handler));
        if self.handlers.insert(J::KIND, handler).is_some() {
            self.twice.push(J::KIND);
        }
        self
    }

    /// How many jobs are at work at once, 1 to 4096; default 8.
    pub fn concurrency(mut self, jobs: usize) -> Self {
        self.settings.concurrency = jobs;
        self
    }

    /// For how long a job is claimed, 100 ms to 1 h; default 30 s. It is extended while the job is at work, each third of it:
    /// this is how long a job waits whose process has gone.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.settings.lease = lease;
        self
    }

    /// How long an attempt may take, 10 ms to 24 h; default 5 min. One that takes longer is dropped at its next await, and
    /// has failed.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// How often it looks when nobody rings, 10 ms to 1 min; default 1 s: what jobs of other processes wait, and those that
    /// become due.
    pub fn poll(mut self, poll: Duration) -> Self {
        self.settings.poll = poll;
        self
    }

    /// How often a job may take its process with it before it is dead, 1 to 100; default 3.
    pub fn max_crashes(mut self, crashes: u32) -> Self {
        self.settings.max_crashes = crashes;
        self
    }

    /// The pause after a failed attempt, unless its error says one. Default: 1 s, doubled each time, up to 6 h, with jitter.
    pub fn backoff(mut self, backoff: impl Backoff + 'static) -> Self {
        self.backoff = Arc::new(backoff);
        self
    }

    /// When it stops: for `soft` jobs at work go on, then their contexts end, and they have `hard` to clean up before they
    /// are dropped and given back. Each up to 1 h; default 10 s and 5 s.
    pub fn drain(mut self, soft: Duration, hard: Duration) -> Self {
        (self.settings.soft, self.settings.hard) = (soft, hard);
        self
    }

    /// Lets the runner join `registry`.
    pub fn inspect(mut self, registry: &Registry) -> Self {
        self.registry = Some(registry.clone());
        self
    }

    /// Makes the runner.
    ///
    /// # Errors
    /// `InvalidArgument` with one violation for each knob out of range, each kind with two handlers, and for none at all;
    /// `AlreadyExists` when the name is taken in the registry.
    pub fn build(self) -> Result<JobRunner> {
        let settings = self.settings;
        let mut error = Error::new(Code::InvalidArgument, "job.runner");
        let seconds = Duration::from_secs;
        let times = [
            (
                "lease",
                settings.lease,
                Duration::from_millis(100),
                seconds(3600),
            ),
            (
                "timeout",
                settings.timeout,
                Duration::from_millis(10),
                seconds(24 * 3600),
            ),
            (
                "poll",
                settings.poll,
                Duration::from_millis(10),
                seconds(60),
            ),
            ("drain.soft", settings.soft, Duration::ZERO, seconds(3600)),
            ("drain.hard", settings.hard, Duration::ZERO, seconds(3600)),
        ];
        for (key, value, min, max) in times {
            if !(min..=max).contains(&value) {
                let detail = format!("`{value:?}` is not allowed, expected {min:?} to {max:?}");
                error = error.violation(key, "range", detail);
            }
        }
        let crashes = usize::try_from(settings.max_crashes).unwrap_or(usize::MAX);
        for (key, value, max) in [
            ("concurrency", settings.concurrency, 4096),
            ("max_crashes", crashes, 100),
        ] {
            if !(1..=max).contains(&value) {
                let detail = format!("`{value}` is not allowed, expected 1 to {max}");
                error = error.violation(key, "range", detail);
            }
        }
        for kind in &self.twice {
            error = error.violation(*kind, "unique", "has two handlers, expected one");
        }
        if self.handlers.is_empty() {
            error = error.violation(
                "handle",
                "required",
                "there is no handler, expected one or more",
            );
        }
        if error.violations().is_empty() {
            JobRunner::assemble(self)
        } else {
            Err(error)
        }
    }
}

impl fmt::Debug for JobRunnerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobRunnerBuilder")
            .field("name", &self.name)
            .field("kinds", &self.handlers.keys())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
