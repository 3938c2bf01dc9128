//! The way of an application through its phases.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::Phase;
use super::app::{App, Budgets};
use super::outcome::{Failure, Outcome, Reason};
use super::report::{ComponentReport, ExitReport};
use super::signal::Listening;
use super::state::{Ended, State, Whose};
use super::unit::Unit;
use crate::context::Cause;
use crate::inspect::Inspected;
use crate::reject::Name;

pub(super) struct Runner {
    pub(super) state: Arc<Inspected<State>>,
    pub(super) ended: mpsc::UnboundedReceiver<Ended>,
    /// In the order of start.
    pub(super) units: Vec<Unit>,
    pub(super) budgets: Budgets,
    pub(super) serving_since: Option<Instant>,
    pub(super) served: Option<Duration>,
    /// What is to be said of tasks.
    pub(super) tasks: Vec<ComponentReport>,
}

impl Runner {
    pub(super) async fn run(app: App) -> ExitReport {
        let App {
            state,
            ended,
            units,
            budgets,
            signals,
            exit,
        } = app;
        let mut signals = signals.listen();
        let mut runner = Self {
            state,
            ended,
            units,
            budgets,
            serving_since: None,
            served: None,
            tasks: Vec::new(),
        };
        let reason = match runner.start_all(&mut signals).await {
            Ok(()) => runner.serve(&mut signals).await,
            Err(reason) => reason,
        };
        tracing::info!(target: "ovasabi::lifecycle", app = %runner.state.name, %reason, "stopping");
        let begin = Instant::now();
        let cut_short = runner.stop_or_signal(begin, &mut signals, &reason).await;
        let reason = match cut_short {
            Some(signal) => {
                tracing::error!(target: "ovasabi::lifecycle", app = %runner.state.name, %signal, "ending at once");
                exit(signal.exit_code());
                Reason::Immediate(signal)
            }
            None => reason,
        };
        runner.report(reason, begin.elapsed())
    }

    async fn start_all(&mut self, signals: &mut Listening) -> Result<(), Reason> {
        self.state.enter(Phase::Starting);
        for index in 0..self.units.len() {
            self.start(index, signals).await?;
        }
        Ok(())
    }

    async fn start(&mut self, index: usize, signals: &mut Listening) -> Result<(), Reason> {
        let begin = Instant::now();
        let budget = self.budgets.start;
        let Some(unit) = self.units.get_mut(index) else {
            return Ok(());
        };
        let name = unit.name().clone();
        let Some(mut start) = unit.begin_start(budget) else {
            return Ok(());
        };
        let ended = tokio::select! {
            biased;
            reason = self.trigger(signals) => Err(reason),
            ended = timeout(budget, &mut start) => ended.map_err(|_| {
                Reason::Failed { name: name.clone(), failure: Failure::StartTimeout(budget) }
            }),
        };
        let Some(unit) = self.units.get_mut(index) else {
            return Ok(());
        };
        let failure = match ended {
            Ok(ended) => match unit.started(index, &self.state, begin.elapsed(), ended) {
                Ok(()) => {
                    let took = begin.elapsed();
                    tracing::info!(target: "ovasabi::lifecycle", component = %name, ?took, "started");
                    return Ok(());
                }
                Err(failure) => failure,
            },
            Err(reason) => {
                if let Reason::Failed {
                    name: failed,
                    failure,
                } = &reason
                    && *failed == name
                {
                    unit.fail(failure.clone());
                }
                unit.interrupt(start, begin);
                return Err(reason);
            }
        };
        unit.fail(failure.clone());
        Err(Reason::Failed { name, failure })
    }

    async fn serve(&mut self, signals: &mut Listening) -> Reason {
        // Health first: whoever waits for the phase and then asks for readiness, on another thread, must
        // not be told that it is still starting.
        self.state.health.set_serving();
        self.state.enter(Phase::Serving);
        self.serving_since = Some(Instant::now());
        self.trigger(signals).await
    }

    /// Waits for a reason to stop. Dropping the future loses none.
    async fn trigger(&mut self, signals: &mut Listening) -> Reason {
        loop {
            tokio::select! {
                biased;
                signal = signals.next() => return Reason::Signal(signal),
                _ = self.state.request.done() => return Reason::Requested,
                // The sender lives in the state, so there is always a next one.
                Some(ended) = self.ended.recv() => if let Some(reason) = self.note(ended, false) {
                    return reason;
                },
            }
        }
    }

    /// Takes note of long-running work that has ended; a reason to stop if it should not have.
    pub(super) fn note(&mut self, ended: Ended, is_stopping: bool) -> Option<Reason> {
        let failure = match ended.result {
            Err(failure) => failure,
            Ok(()) if is_stopping || matches!(ended.whose, Whose::Task(_)) => return None,
            Ok(()) => Failure::Ended,
        };
        let name = match ended.whose {
            Whose::Component(index) => {
                let unit = self.units.get_mut(index)?;
                unit.fail(failure.clone());
                unit.name().clone()
            }
            Whose::Task(task) => {
                let report = of_task(&task, Outcome::Failed(failure.clone()));
                let name = report.name.clone();
                self.tasks.push(report);
                name
            }
        };
        tracing::error!(target: "ovasabi::lifecycle", %name, %failure, "failed");
        Some(Reason::Failed { name, failure })
    }

    pub(super) fn note_all(&mut self) {
        while let Ok(ended) = self.ended.try_recv() {
            self.note(ended, true);
        }
    }

    fn report(&self, reason: Reason, stopping: Duration) -> ExitReport {
        let components = self
            .units
            .iter()
            .map(Unit::report)
            .chain(self.tasks.iter().cloned())
            .collect();
        ExitReport {
            app: self.state.name.clone(),
            reason,
            served: self.served,
            stopping,
            components,
        }
    }
}

/// Whichever way it ends, its own tasks end with it and nobody waits for a phase that never comes.
impl Drop for Runner {
    fn drop(&mut self) {
        self.state.health.set_draining();
        self.state.context.cancel(Cause::Shutdown);
        drop(self.state.close_tasks());
        self.state.enter(Phase::Stopped);
    }
}

pub(super) fn of_task(name: &Name, outcome: Outcome) -> ComponentReport {
    ComponentReport {
        name: format!("task {name}").into(),
        start: None,
        stop: None,
        outcome,
    }
}
