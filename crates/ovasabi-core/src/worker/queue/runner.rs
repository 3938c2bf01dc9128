//! Doing jobs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::attempt::Bench;
use super::handler::Handle;
use super::runner_builder::Settings;
use super::stats::Stats;
use super::{Claim, JobQueue, JobRunnerBuilder};
use crate::backoff::{Backoff, Exponential, Random};
use crate::context::Cause;
use crate::inspect::Inspected;
use crate::reject::Name;
use crate::{Code, Context, Error, Result};

/// Claims jobs and does them, so many at a time. See the [module](super).
pub struct JobRunner {
    pub(super) queue: JobQueue,
    pub(super) handlers: BTreeMap<&'static str, Arc<dyn Handle>>,
    pub(super) settings: Settings,
    pub(super) backoff: Arc<dyn Backoff>,
    pub(super) stats: Arc<Inspected<Stats>>,
    pub(super) random: Arc<Random>,
}

/// The shortest pause after the database had no answer.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How long giving back may take.
const GIVING_BACK: Duration = Duration::from_secs(2);

impl JobRunner {
    /// Starts with a name, which tells it apart in metrics, and the queue.
    pub fn builder(name: impl Into<Name>, queue: JobQueue) -> JobRunnerBuilder {
        JobRunnerBuilder::new(name.into(), queue)
    }

    pub(super) fn assemble(builder: JobRunnerBuilder) -> Result<Self> {
        let stats = Arc::new(Inspected::new(Stats::new(builder.name)));
        if let Some(registry) = builder.registry {
            let taken = |taken| Error::new(Code::AlreadyExists, "job.name_taken").caused_by(taken);
            registry.register(&stats).map_err(taken)?;
        }
        Ok(Self {
            queue: builder.queue,
            handlers: builder.handlers,
            settings: builder.settings,
            backoff: builder.backoff,
            stats,
            random: Arc::new(Random::new()),
        })
    }

    /// Does jobs until the context is done, and then stops as [`drain`](JobRunnerBuilder::drain) says. What is dropped then
    /// is given back, and the attempt does not count.
    ///
    /// While the database has no answer it tries again, with pauses that grow up to 15 s.
    ///
    /// # Cancel safety
    /// Dropped, the jobs at work are dropped too and come back when their leases end; end the context instead.
    pub async fn run(&self, cx: &Context) {
        let bench = Bench::new(self, cx);
        let mut at_work = JoinSet::new();
        let pauses = Exponential::new(SHORTEST_PAUSE, LONGEST_PAUSE);
        let mut failures = 0;
        while !cx.is_done() {
            let pause = match self.take_up(cx, &bench, &mut at_work).await {
                Ok(_) => {
                    failures = 0;
                    self.settings.poll
                }
                Err(_) if cx.is_done() => break,
                Err(error) => {
                    failures += 1;
                    tracing::warn!(target: "ovasabi::jobs", error = &error as &(dyn std::error::Error + 'static), failures, "no jobs can be claimed");
                    pauses.delay(failures, self.random.next_u64())
                }
            };
            let is_full = at_work.len() >= self.settings.concurrency;
            tokio::select! {
                _ = cx.done() => break,
                Some(_) = at_work.join_next() => {}
                () = self.queue.bell.notified(), if failures == 0 && !is_full => {}
                () = sleep(pause) => {}
            }
        }
        self.stop(&bench, at_work).await;
    }

    /// Does what is due now, and what becomes due by it, and returns how many attempts that were: for tests, and for
    /// programs that are started by a clock.
    ///
    /// # Errors
    /// Those of the database.
    ///
    /// # Cancel safety
    /// As [`run`](Self::run).
    pub async fn run_due(&self, cx: &Context) -> Result<usize> {
        let bench = Bench::new(self, cx);
        let mut at_work = JoinSet::new();
        let mut attempts = 0;
        loop {
            let taken = self.take_up(cx, &bench, &mut at_work).await?;
            attempts += taken;
            if at_work.join_next().await.is_none() && taken == 0 {
                return Ok(attempts);
            }
        }
    }

    /// Claims as many as there is room for.
    async fn take_up(
        &self,
        cx: &Context,
        bench: &Arc<Bench>,
        at_work: &mut JoinSet<()>,
    ) -> Result<usize> {
        let Settings {
            concurrency,
            lease,
            max_crashes,
            ..
        } = self.settings;
        while at_work.try_join_next().is_some() {}
        let swept = self.queue.sweep(cx, max_crashes).await?;
        self.stats.swept(&swept);
        let claim = Claim::of(self.handlers.keys().copied());
        let claim = claim
            .limit(concurrency.saturating_sub(at_work.len()))
            .lease(lease);
        let claimed = self.queue.claim(cx, &claim).await?;
        let count = claimed.len();
        for job in claimed {
            at_work.spawn(Arc::clone(bench).attempt(job));
        }
        Ok(count)
    }

    async fn stop(&self, bench: &Bench, mut at_work: JoinSet<()>) {
        let all = async |at_work: &mut JoinSet<()>| while at_work.join_next().await.is_some() {};
        if timeout(self.settings.soft, all(&mut at_work)).await.is_ok() {
            return;
        }
        bench.cx.cancel(Cause::Shutdown);
        if timeout(self.settings.hard, all(&mut at_work)).await.is_ok() {
            return;
        }
        let left = at_work.len();
        tracing::warn!(target: "ovasabi::jobs", left, "jobs did not stop: they are dropped, and given back");
        bench.patience.cancel(Cause::Shutdown);
        // One that never awaits is not waited for; it comes back when its lease ends.
        let _ = timeout(GIVING_BACK, all(&mut at_work)).await;
    }
}

impl fmt::Debug for JobRunner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobRunner")
            .field("queue", &self.queue)
            .field("kinds", &self.handlers.keys())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
