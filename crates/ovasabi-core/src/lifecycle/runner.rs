//! The way of an application through its phases.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::app::{App, Budgets};
use super::report::{ComponentReport, ExitReport, Failure, Outcome, Reason};
use super::signal::Listening;
use super::state::{Ended, State, Whose};
use super::unit::Unit;
use super::{Phase, Signal};
use crate::context::Cause;
use crate::inspect::Inspected;

pub(super) struct Runner {
    state: Arc<Inspected<State>>,
    ended: mpsc::UnboundedReceiver<Ended>,
    /// In the order of start.
    units: Vec<Unit>,
    budgets: Budgets,
    serving_since: Option<Instant>,
    served: Option<Duration>,
    /// What is to be said of tasks.
    tasks: Vec<ComponentReport>,
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
        self.state.enter(Phase::Serving);
        self.state.health.set_serving();
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
    fn note(&mut self, ended: Ended, is_stopping: bool) -> Option<Reason> {
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

    fn note_all(&mut self) {
        while let Ok(ended) = self.ended.try_recv() {
            self.note(ended, true);
        }
    }

    /// Stops in good order; the signal if one cuts it short.
    async fn stop_or_signal(
        &mut self,
        begin: Instant,
        signals: &mut Listening,
        reason: &Reason,
    ) -> Option<Signal> {
        // After a failure the first signal is still the first: it asks for what is under way already.
        let mut is_second = matches!(reason, Reason::Signal(_));
        let mut stop = std::pin::pin!(self.stop(begin));
        loop {
            tokio::select! {
                biased;
                signal = signals.next() => {
                    if is_second {
                        return Some(signal);
                    }
                    is_second = true;
                }
                () = &mut stop => return None,
            }
        }
    }

    async fn stop(&mut self, begin: Instant) {
        let deadline = begin + self.budgets.total;
        self.state.health.set_draining();
        if let Some(since) = self.serving_since {
            self.state.enter(Phase::Draining);
            for unit in self.units.iter_mut().rev() {
                unit.drain();
            }
            self.keep_serving(begin + self.budgets.drain_delay).await;
            self.served = Some(since.elapsed());
        }
        self.state.enter(Phase::Stopping);
        self.state.context.cancel(Cause::Shutdown);
        self.stop_tasks(deadline).await;
        for index in (0..self.units.len()).rev() {
            let Some(unit) = self.units.get_mut(index) else {
                continue;
            };
            unit.stop(deadline).await;
            self.note_all();
            if let Some(unit) = self.units.get(index) {
                tell(&unit.report());
            }
        }
    }

    async fn keep_serving(&mut self, until: Instant) {
        loop {
            tokio::select! {
                biased;
                Some(ended) = self.ended.recv() => drop(self.note(ended, true)),
                () = sleep_until(until) => return,
            }
        }
    }

    async fn stop_tasks(&mut self, deadline: Instant) {
        let until = (Instant::now() + self.budgets.stop).min(deadline);
        for mut task in self.state.close_tasks() {
            if timeout_at(until, &mut task).await.is_err() {
                let report = of_task(task.name(), Outcome::Hung(self.budgets.stop));
                tell(&report);
                self.tasks.push(report);
            }
        }
        self.note_all();
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

fn of_task(name: &crate::reject::Name, outcome: Outcome) -> ComponentReport {
    ComponentReport {
        name: format!("task {name}").into(),
        start: None,
        stop: None,
        outcome,
    }
}

fn tell(report: &ComponentReport) {
    let component = report.name();
    match &report.outcome {
        Outcome::NotStarted => {}
        Outcome::Stopped => {
            let took = report.stop_duration();
            tracing::info!(target: "ovasabi::lifecycle", component, ?took, "stopped");
        }
        outcome @ (Outcome::Failed(_) | Outcome::Hung(_) | Outcome::Abandoned) => {
            tracing::error!(target: "ovasabi::lifecycle", component, %outcome, "not stopped cleanly");
        }
    }
}
