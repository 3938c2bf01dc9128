//! How an application describes itself.

use super::Phase;
use super::state::State;
use crate::context::Cause;
use crate::inspect::{Control, ControlError, Inspect, Metric, Snapshot};
use crate::reject::Name;

impl Inspect for State {
    fn kind(&self) -> &'static str {
        "app"
    }

    fn name(&self) -> &Name {
        &self.name
    }

    fn snapshot(&self) -> Snapshot {
        // There are fewer than 2^32 tasks.
        let running = f64::from(u32::try_from(self.running_tasks()).unwrap_or(u32::MAX));
        Snapshot::new()
            .with_state(self.phase().label(), Phase::LABELS)
            .with(Metric::gauge(
                "app.tasks",
                "tasks without a component that run",
                running,
            ))
    }

    fn controls(&self) -> &'static [Control] {
        CONTROLS
    }

    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        let _ = argument;
        match action {
            "shutdown" => {
                self.request.cancel(Cause::Shutdown);
                Ok(())
            }
            _ => Err(ControlError::unknown(action, CONTROLS)),
        }
    }
}

const CONTROLS: &[Control] = &[Control {
    action: "shutdown",
    help: "drain and stop the application",
    argument: "",
}];
