//! Drain and stop: the second half of the way.

use tokio::time::{Instant, sleep_until, timeout_at};

use super::outcome::{Outcome, Reason};
use super::report::ComponentReport;
use super::runner::{Runner, of_task};
use super::signal::Listening;
use super::{Phase, Signal};
use crate::context::Cause;

impl Runner {
    /// Stops in good order; the signal if one cuts it short.
    pub(super) async fn stop_or_signal(
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
}

fn tell(report: &ComponentReport) {
    let component = report.name();
    match &report.outcome {
        Outcome::NotStarted => {}
        Outcome::Stopped => {
            let took = report.stop_duration().unwrap_or_default();
            tracing::info!(target: "ovasabi::lifecycle", component, ?took, "stopped");
        }
        outcome @ (Outcome::Failed(_) | Outcome::Hung(_) | Outcome::Abandoned) => {
            tracing::error!(target: "ovasabi::lifecycle", component, %outcome, "not stopped cleanly");
        }
    }
}
