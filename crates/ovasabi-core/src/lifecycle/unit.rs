//! One component of a running application.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::outcome::{Failure, Outcome};
use super::report::ComponentReport;
use super::state::{State, Whose};
use super::task::TaskError;
use super::{Component, RunFuture, Task};
use crate::context::Cause;
use crate::reject::Name;
use crate::{Context, Result};

/// A component with what the runner knows of it.
pub(super) struct Unit {
    name: Name,
    budget: Duration,
    component: Option<Box<dyn Component>>,
    interrupted: Option<(Task<Started>, Instant)>,
    run: Option<Task<()>>,
    /// Cancelled when it is its turn to stop.
    context: Context,
    start: Option<Duration>,
    stop: Option<Duration>,
    outcome: Option<Outcome>,
}

type Started = (Box<dyn Component>, Option<RunFuture>, Result<()>);

impl Unit {
    pub(super) fn new(name: String, component: Box<dyn Component>, budget: Duration) -> Self {
        Self {
            name: name.into(),
            budget,
            component: Some(component),
            interrupted: None,
            run: None,
            context: Context::background(),
            start: None,
            stop: None,
            outcome: None,
        }
    }

    pub(super) fn name(&self) -> &Name {
        &self.name
    }

    /// The start, on a task of its own: a start that blocks or panics leaves the runner alive.
    pub(super) fn begin_start(&mut self, budget: Duration) -> Option<Task<Started>> {
        let mut component = self.component.take()?;
        let run_context = self.context.clone();
        let cx = self.context.with_timeout(budget);
        Some(Task::spawn(self.name.clone(), async move {
            let result = component.start(&cx).await;
            let run = if result.is_ok() {
                component.run(run_context)
            } else {
                None
            };
            (component, run, result)
        }))
    }

    /// Takes note of a start that has ended.
    pub(super) fn started(
        &mut self,
        index: usize,
        state: &State,
        took: Duration,
        ended: Result<Started, TaskError>,
    ) -> Result<(), Failure> {
        let failure = match ended {
            Ok((component, run, Ok(()))) => {
                self.component = Some(component);
                self.run =
                    run.map(|work| state.watch(self.name.clone(), Whose::Component(index), work));
                self.start = Some(took);
                return Ok(());
            }
            Ok((_, _, Err(error))) => Failure::Start(Arc::new(error)),
            Err(TaskError::Panicked { message, .. }) => Failure::Panic(message.into()),
            Err(aborted @ TaskError::Aborted { .. }) => Failure::Start(Arc::new(aborted.into())),
        };
        Err(failure)
    }

    /// Ends a start that nobody waits for any more; [`stop`](Self::stop) waits until it has let go of what it
    /// held.
    pub(super) fn interrupt(&mut self, start: Task<Started>, begin: Instant) {
        self.context.cancel(Cause::Shutdown);
        start.abort();
        self.interrupted = Some((start, begin));
    }

    /// The first failure stays.
    pub(super) fn fail(&mut self, failure: Failure) {
        self.outcome.get_or_insert(Outcome::Failed(failure));
    }

    pub(super) fn drain(&mut self) {
        let Some(component) = &mut self.component else {
            return;
        };
        if catch_unwind(AssertUnwindSafe(|| component.drain())).is_err() {
            tracing::error!(target: "ovasabi::lifecycle", component = %self.name, "panicked when it should drain");
            self.fail(Failure::Panic("in drain".into()));
        }
    }

    /// Stops it, if it was started, within its budget and before `deadline`.
    pub(super) async fn stop(&mut self, deadline: Instant) {
        if let Some((start, begin)) = self.interrupted.take() {
            match timeout_at(self.until(deadline), start).await {
                // It was ready at the same moment, so it has to be stopped like the others.
                Ok(Ok((component, _, Ok(())))) => {
                    self.component = Some(component);
                    self.start = Some(begin.elapsed());
                }
                Ok(_) => {}
                Err(_) => self.outcome = Some(Outcome::Hung(begin.elapsed())),
            }
        }
        let begin = Instant::now();
        if self.start.is_none() {
            return;
        }
        let Some(mut component) = self.component.take() else {
            return;
        };
        if deadline <= begin {
            self.run = None;
            self.outcome = Some(Outcome::Abandoned);
            return;
        }
        let until = self.until(deadline);
        self.context.cancel(Cause::Shutdown);
        let given = until.saturating_duration_since(begin);
        let cx = Context::background().with_timeout(given - given / 10);
        let stop = Task::spawn(self.name.clone(), async move { component.stop(&cx).await });
        let run = self.run.take();
        let both = async {
            let stopped = stop.await;
            if let Some(run) = run {
                // How it ended has been told to the runner.
                run.await.ok();
            }
            stopped
        };
        let stopped = timeout_at(until, both).await;
        let took = begin.elapsed();
        self.stop = Some(took);
        match stopped {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => self.fail(Failure::Stop(Arc::new(error))),
            Ok(Err(TaskError::Panicked { message, .. })) => {
                self.fail(Failure::Panic(message.into()))
            }
            Ok(Err(aborted @ TaskError::Aborted { .. })) => {
                self.fail(Failure::Stop(Arc::new(aborted.into())))
            }
            Err(_) => {
                self.stop = None;
                self.outcome = Some(Outcome::Hung(took));
            }
        }
    }

    pub(super) fn report(&self) -> ComponentReport {
        let outcome = match (&self.outcome, self.start, self.stop) {
            (Some(outcome), _, _) => outcome.clone(),
            (None, None, _) => Outcome::NotStarted,
            (None, Some(_), Some(_)) => Outcome::Stopped,
            (None, Some(_), None) => Outcome::Abandoned,
        };
        ComponentReport {
            name: self.name.clone(),
            start: self.start,
            stop: self.stop,
            outcome,
        }
    }

    fn until(&self, deadline: Instant) -> Instant {
        Instant::now()
            .checked_add(self.budget)
            .map_or(deadline, |own| own.min(deadline))
    }
}
