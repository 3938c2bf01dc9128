//! A built application.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::runner::Runner;
use super::state::{Ended, State};
use super::unit::Unit;
use super::{AppBuilder, AppHandle, ExitReport, Signals};
use crate::inspect::Inspected;
use crate::reject::Name;

/// A built application: [`run`](App::run) starts it and returns when it has stopped.
#[must_use = "an application does nothing until it runs"]
pub struct App {
    pub(super) state: Arc<Inspected<State>>,
    pub(super) ended: mpsc::UnboundedReceiver<Ended>,
    pub(super) units: Vec<Unit>,
    pub(super) budgets: Budgets,
    pub(super) signals: Signals,
    pub(super) exit: Exit,
}

/// What ends the process when a second signal comes.
pub(super) type Exit = Box<dyn FnOnce(i32) + Send>;

#[derive(Clone, Copy, Debug)]
pub(super) struct Budgets {
    pub(super) start: Duration,
    pub(super) drain_delay: Duration,
    pub(super) stop: Duration,
    pub(super) total: Duration,
}

impl App {
    /// Describes an application. The name is used in logs, in the report and in the registry.
    pub fn builder(name: impl Into<Name>) -> AppBuilder {
        AppBuilder::new(name.into())
    }

    /// The handle to watch and stop it with.
    #[must_use]
    pub fn handle(&self) -> AppHandle {
        AppHandle::new(Arc::clone(&self.state))
    }

    /// Starts the components, serves until a stop is asked for or something fails, drains, stops, and tells
    /// what became of it.
    ///
    /// # Cancel safety
    /// Dropping the future aborts all long-running work without stopping any component.
    pub async fn run(self) -> ExitReport {
        Runner::run(self).await
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.units.iter().map(Unit::name).collect();
        f.debug_struct("App")
            .field("name", &self.state.name)
            .field("components", &names)
            .finish_non_exhaustive()
    }
}
