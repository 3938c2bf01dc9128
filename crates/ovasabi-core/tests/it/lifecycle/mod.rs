//! Start in order, drain, stop in reverse, within budgets.

mod budgets;
mod drain;
mod order;
mod signals;
mod tasks;
mod work;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ovasabi_core::context::Cause;
use ovasabi_core::health::Health;
use ovasabi_core::inspect::Registry;
use ovasabi_core::lifecycle::{
    App, AppBuilder, BuildError, Component, ComponentFn, ExitReport, Failure, Outcome, Phase,
    Problem, Reason, RunFuture, Signal, Signals, Task, TaskError, async_trait, component,
};
use ovasabi_core::{Code, Context, Error};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// What happened, in order.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn write(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// A component that writes when it starts, drains and stops.
    fn component(&self, name: &'static str) -> ComponentFn {
        let (start, drain, stop) = (self.clone(), self.clone(), self.clone());
        component(name)
            .on_start(async move |_cx| {
                start.write(format!("start {name}"));
                Ok(())
            })
            .on_drain(move || drain.write(format!("drain {name}")))
            .on_stop(async move |_cx| {
                stop.write(format!("stop {name}"));
                Ok(())
            })
    }
}

fn quick(name: &'static str) -> AppBuilder {
    App::builder(name)
        .signals(Signals::never())
        .drain_delay(Duration::ZERO)
}

fn broken() -> Error {
    Error::new(Code::Unavailable, "pool.unreachable").caused_by("10.0.0.7 refused")
}

/// Runs it until it serves, and then until it has stopped.
async fn serve_and_stop(app: App) -> ExitReport {
    let handle = app.handle();
    let running = tokio::spawn(app.run());
    handle.reached(Phase::Serving).await;
    handle.shutdown();
    running.await.unwrap()
}

fn problems(built: Result<App, BuildError>) -> Vec<Problem> {
    built.unwrap_err().problems().to_vec()
}
