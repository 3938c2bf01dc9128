//! Watching and stopping an application from outside.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::watch;

use super::Phase;
use super::state::{State, Whose};
use crate::context::Cause;
use crate::health::Health;
use crate::inspect::Inspected;
use crate::reject::Name;
use crate::{Context, Result};

/// The handle of an [`App`](super::App). Clones are the same application.
#[derive(Clone)]
pub struct AppHandle {
    state: Arc<Inspected<State>>,
}

impl AppHandle {
    pub(super) fn new(state: Arc<Inspected<State>>) -> Self {
        Self { state }
    }

    /// Asks for a stop in good order, as a first `SIGTERM` does. Idempotent.
    pub fn shutdown(&self) {
        self.state.request.cancel(Cause::Shutdown);
    }

    /// The context of the application: cancelled with [`Cause::Shutdown`] when the drain delay is over.
    ///
    /// For loops that take new work. Not a parent for requests: those under way are finished by the stop of
    /// the server that took them.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.state.context
    }

    /// Its health, which says ready only while it serves.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.state.health
    }

    /// Where it is in its life.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.state.phase()
    }

    /// Where it is in its life, as it changes.
    #[must_use]
    pub fn phases(&self) -> watch::Receiver<Phase> {
        self.state.phase.subscribe()
    }

    /// Waits until it is in `phase`, or beyond.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn reached(&self, phase: Phase) {
        let mut phases = self.phases();
        // The sender lives in the state, which is held here.
        phases.wait_for(|now| *now >= phase).await.ok();
    }

    /// Runs `work` as a task that the application owns.
    ///
    /// An error or a panic of it stops the application, with an exit code that is not 0; an `Ok` is the end of
    /// the task alone. It should end when `cx`, the [`context`](Self::context), is cancelled: components stop
    /// after all tasks, and those that need longer than the stop budget are aborted and named. When tasks are
    /// stopping already, `work` is dropped.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn spawn<F>(&self, name: impl Into<Name>, work: impl FnOnce(Context) -> F)
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let name = name.into();
        let work = work(self.context().clone());
        let state = &self.state;
        let is_taken = state.adopt(|| state.watch(name.clone(), Whose::Task(name.clone()), work));
        if !is_taken {
            tracing::warn!(target: "ovasabi::lifecycle", task = %name, "dropped: the application is stopping");
        }
    }
}

impl fmt::Debug for AppHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppHandle")
            .field("name", &self.state.name)
            .field("phase", &self.phase())
            .finish()
    }
}
