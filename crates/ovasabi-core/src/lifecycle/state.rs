//! What a running application shares with its handles.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};

use super::outcome::Failure;
use super::task::CatchPanic;
use super::{Phase, Task};
use crate::health::Health;
use crate::reject::Name;
use crate::{Context, Result};

pub(super) struct State {
    pub(super) name: Name,
    pub(super) health: Health,
    pub(super) phase: watch::Sender<Phase>,
    /// Cancelled when components begin to stop.
    pub(super) context: Context,
    /// Cancelled when somebody asks for a stop.
    pub(super) request: Context,
    /// Tasks without a component; `None` once they are no longer taken.
    tasks: Mutex<Option<Vec<Task<()>>>>,
    ended: mpsc::UnboundedSender<Ended>,
}

/// The end of long-running work.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) whose: Whose,
    pub(super) result: Result<(), Failure>,
}

#[derive(Clone, Debug)]
pub(super) enum Whose {
    Component(usize),
    Task(Name),
}

impl State {
    pub(super) fn new(name: Name, health: Health, ended: mpsc::UnboundedSender<Ended>) -> Self {
        Self {
            name,
            health,
            phase: watch::Sender::new(Phase::Starting),
            context: Context::background(),
            request: Context::background(),
            tasks: Mutex::new(Some(Vec::new())),
            ended,
        }
    }

    /// Runs `work` as a task that tells how it ended, panics included.
    pub(super) fn watch(
        &self,
        name: Name,
        whose: Whose,
        work: impl Future<Output = Result<()>> + Send + 'static,
    ) -> Task<()> {
        let ended = self.ended.clone();
        let task = name.clone();
        Task::spawn(name, async move {
            let result = match CatchPanic::new(work).await {
                Ok(result) => result.map_err(|error| Failure::Run(Arc::new(error))),
                Err(message) => {
                    tracing::error!(target: "ovasabi::lifecycle", %task, panic = message, "a task panicked");
                    Err(Failure::Panic(message.into()))
                }
            };
            // Nobody listens once the application is gone.
            ended.send(Ended { whose, result }).ok();
        })
    }

    /// Owns the task that `spawn` makes until it ends or the application stops; `false` when it is too late.
    pub(super) fn adopt(&self, spawn: impl FnOnce() -> Task<()>) -> bool {
        match &mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(tasks) => {
                tasks.retain(|task| !task.is_finished());
                tasks.push(spawn());
                true
            }
            None => false,
        }
    }

    /// Takes no more tasks; those that there are.
    pub(super) fn close_tasks(&self) -> Vec<Task<()>> {
        self.tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .unwrap_or_default()
    }

    pub(super) fn running_tasks(&self) -> usize {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks
            .iter()
            .flatten()
            .filter(|task| !task.is_finished())
            .count()
    }

    pub(super) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
        tracing::info!(target: "ovasabi::lifecycle", app = %self.name, %phase, "phase");
    }
}
