//! One attempt at a job.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tracing::Instrument;

use super::handler::Handle;
use super::runner_builder::Settings;
use super::stats::Stats;
use super::{Claimed, JobContext, JobQueue, JobRunner, Outcome};
use crate::backoff::{Backoff, Random};
use crate::context::Cause;
use crate::inspect::Inspected;
use crate::repository::stored::words;
use crate::unwind::{catch, panicked};
use crate::{Code, Context, Error, Result};

/// What the attempts of one run share.
pub(super) struct Bench {
    queue: JobQueue,
    handlers: BTreeMap<&'static str, Arc<dyn Handle>>,
    settings: Settings,
    backoff: Arc<dyn Backoff>,
    stats: Arc<Inspected<Stats>>,
    random: Arc<Random>,
    /// What the contexts of all jobs are made of: it ends when jobs must stop, not when no more are claimed.
    pub(super) cx: Context,
    /// It ends when nobody waits for them any longer.
    pub(super) patience: Context,
}

/// What is to be said of a job after an attempt.
enum Verdict {
    Ended(Outcome),
    Failed(Error),
    /// Nobody waits for it: the process stops.
    GivenBack,
    /// Somebody else has it, or may have.
    Lost,
}

/// The time that one word to the database may take.
const WORD: Duration = Duration::from_secs(5);

impl Bench {
    pub(super) fn new(runner: &JobRunner, cx: &Context) -> Arc<Self> {
        let apart = || cx.without_cancel().child();
        let ((jobs, guard), (patience, other)) = (apart(), apart());
        // They end by word alone: a runner that is dropped takes its tasks with it.
        guard.disarm();
        other.disarm();
        Arc::new(Self {
            queue: runner.queue.clone(),
            handlers: runner.handlers.clone(),
            settings: runner.settings,
            backoff: Arc::clone(&runner.backoff),
            stats: Arc::clone(&runner.stats),
            random: Arc::clone(&runner.random),
            cx: jobs,
            patience,
        })
    }

    /// Does the job once, and writes down what became of it.
    pub(super) async fn attempt(self: Arc<Self>, job: Claimed) {
        let cx = job
            .context(&self.cx, &self.random)
            .with_timeout(self.settings.timeout);
        let trace = cx.trace().map(|trace| format!("{:032x}", trace.trace_id()));
        let span = tracing::info_span!(
            target: "ovasabi::jobs", "job", kind = job.kind(), id = %job.id(), attempt = job.attempt(), trace_id = trace,
        );
        let in_hand = JobContext::new(cx, self.queue.clone(), job);
        async {
            let verdict = self.verdict(&in_hand).await;
            // What the job has started and left behind has nobody to work for.
            in_hand.context().cancel(Cause::Finished);
            if in_hand.is_completed() {
                self.stats.done();
                tracing::debug!(target: "ovasabi::jobs", "job done, in its own transaction");
                return;
            }
            self.answer(in_hand.job(), verdict).await;
        }
        .instrument(span)
        .await;
    }

    async fn verdict(&self, in_hand: &JobContext) -> Verdict {
        // Only kinds with a handler are claimed.
        let Some(handler) = self.handlers.get(in_hand.job().kind()) else {
            return Verdict::GivenBack;
        };
        let cx = in_hand.context();
        let mut work = pin!(catch(
            cx.scope(async { handler.handle(in_hand.clone()).await })
        ));
        let mut lost = pin!(self.keep(in_hand.job()));
        let outcome = tokio::select! {
            biased;
            outcome = &mut work => outcome,
            () = &mut lost => return Verdict::Lost,
            () = out_of_time(cx) => {
                return Verdict::Failed(Error::new(Code::DeadlineExceeded, "job.timeout"));
            }
            _ = self.patience.done() => return Verdict::GivenBack,
        };
        match outcome {
            Ok(Ok(outcome)) => Verdict::Ended(outcome),
            // It was told to stop, and has.
            Ok(Err(_)) if self.cx.is_done() => Verdict::GivenBack,
            Ok(Err(error)) => Verdict::Failed(error),
            Err(panic) => Verdict::Failed(panicked("the job", panic.as_ref())),
        }
    }

    /// Keeps the lease; ends when it is lost.
    async fn keep(&self, job: &Claimed) {
        let lease = self.settings.lease;
        loop {
            sleep(lease / 3).await;
            let cx = Context::background().with_timeout(lease / 3);
            match self.queue.extend(&cx, job, lease).await {
                Ok(()) => {}
                Err(error) if error.reason() == "job.lease_lost" => return,
                // There are two thirds left to try again in.
                Err(error) => {
                    tracing::warn!(target: "ovasabi::jobs", error = &error as &(dyn std::error::Error + 'static), "lease not extended");
                }
            }
        }
    }

    /// Writes it down, and tries again for as long as the lease may last: what is not written is done again.
    async fn answer(&self, job: &Claimed, verdict: Verdict) {
        let verdict = &verdict;
        let mut left = self.settings.lease;
        loop {
            let cx = Context::background().with_timeout(WORD);
            let error = match self.write(&cx, job, verdict).await {
                Ok(()) => return,
                Err(error) => error,
            };
            let pause = WORD.min(left);
            if error.reason() == "job.lease_lost" || pause.is_zero() {
                self.stats.lost();
                tracing::warn!(target: "ovasabi::jobs", error = &error as &(dyn std::error::Error + 'static), "job lost: it is done again");
                return;
            }
            left = left.saturating_sub(pause);
            sleep(pause).await;
        }
    }

    async fn write(&self, cx: &Context, job: &Claimed, verdict: &Verdict) -> Result<()> {
        match verdict {
            Verdict::Ended(Outcome::Done) => {
                self.queue.complete(cx, job).await?;
                self.stats.done();
                tracing::debug!(target: "ovasabi::jobs", "job done");
            }
            Verdict::Ended(Outcome::Snooze(after)) => self.queue.snooze(cx, job, *after).await?,
            Verdict::Ended(Outcome::Discard(why)) => {
                self.queue.bury(cx, job, why).await?;
                self.stats.dead();
                tracing::error!(target: "ovasabi::jobs", why, "job discarded");
            }
            Verdict::Failed(error) => self.fail(cx, job, error).await?,
            Verdict::GivenBack => self.queue.release(cx, job).await?,
            Verdict::Lost => {
                self.stats.lost();
                tracing::warn!(target: "ovasabi::jobs", "lease lost: somebody else has the job");
            }
        }
        Ok(())
    }

    async fn fail(&self, cx: &Context, job: &Claimed, error: &Error) -> Result<()> {
        let pause = error.retry_delay();
        let pause =
            pause.unwrap_or_else(|| self.backoff.delay(job.attempt(), self.random.next_u64()));
        self.queue.fail(cx, job, &words(error), pause).await?;
        let error = error as &(dyn std::error::Error + 'static);
        if job.is_last_attempt() {
            self.stats.dead();
            tracing::error!(target: "ovasabi::jobs", error, "job dead after its last attempt");
        } else {
            self.stats.failed();
            tracing::warn!(target: "ovasabi::jobs", error, again_in = ?pause, "attempt failed");
        }
        Ok(())
    }
}

/// Until the deadline has passed; never when the context ends in another way.
async fn out_of_time(cx: &Context) {
    if cx.done().await != Cause::DeadlineExceeded {
        std::future::pending::<()>().await;
    }
}
