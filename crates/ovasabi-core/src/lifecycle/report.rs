//! What became of an application.

use std::fmt;
use std::process::{ExitCode, Termination};
use std::time::Duration;

use super::outcome::{Outcome, Reason, Short};
use crate::reject::Name;

/// What became of an application: why it stopped, and how each component took it.
///
/// `Display` is one line for the whole and one for each component, with private error text: for operators.
#[derive(Clone, Debug)]
#[must_use = "the report has the exit code"]
pub struct ExitReport {
    pub(super) app: Name,
    pub(super) reason: Reason,
    pub(super) served: Option<Duration>,
    pub(super) stopping: Duration,
    pub(super) components: Vec<ComponentReport>,
}

/// How one component fared.
#[derive(Clone, Debug)]
pub struct ComponentReport {
    pub(super) name: Name,
    pub(super) start: Option<Duration>,
    pub(super) stop: Option<Duration>,
    pub(super) outcome: Outcome,
}

impl ExitReport {
    /// The name of the application.
    #[must_use]
    pub fn app(&self) -> &str {
        self.app.as_str()
    }

    /// Why it stopped.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// The components, in the order of their start; tasks only if they failed or hung.
    #[must_use]
    pub fn components(&self) -> &[ComponentReport] {
        &self.components
    }

    /// The component of this name.
    #[must_use]
    pub fn component(&self, name: &str) -> Option<&ComponentReport> {
        self.components
            .iter()
            .find(|component| component.name() == name)
    }

    /// How long it took from the wish to stop to the end, drain delay included.
    #[must_use]
    pub fn stop_duration(&self) -> Duration {
        self.stopping
    }

    /// 0 after a stop that was asked for and in which every component stopped within its budget; 128 and the
    /// number of the signal when a second one cut it short; else 1.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        match self.reason {
            Reason::Immediate(signal) => signal.exit_code(),
            Reason::Failed { .. } => 1,
            Reason::Signal(_) | Reason::Requested => {
                i32::from(!self.components.iter().all(ComponentReport::is_clean))
            }
        }
    }

    /// Ends the process with [`exit_code`](Self::exit_code), without waiting for threads that hang.
    ///
    /// Returning from `main` instead drops the runtime, which waits for work that blocks a thread: the very
    /// thing that a stop budget is there against.
    pub fn exit(self) -> ! {
        std::process::exit(self.exit_code())
    }
}

impl ComponentReport {
    /// Its name; `task NAME` for a task.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// How long its start took; `None` if it did not start.
    #[must_use]
    pub fn start_duration(&self) -> Option<Duration> {
        self.start
    }

    /// How long its stop took; `None` if it was not stopped.
    #[must_use]
    pub fn stop_duration(&self) -> Option<Duration> {
        self.stop
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Whether nothing went wrong with it.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        matches!(self.outcome, Outcome::Stopped | Outcome::NotStarted)
    }
}

impl Termination for ExitReport {
    fn report(self) -> ExitCode {
        // Every exit code of ours fits into a byte.
        u8::try_from(self.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
    }
}

impl fmt::Display for ExitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} stopped: {}; exit code {}",
            self.app,
            self.reason,
            self.exit_code()
        )?;
        if let Some(served) = self.served {
            write!(f, "; served for {}", Short(served))?;
        }
        write!(f, ", stopped in {}", Short(self.stopping))?;
        let width = self
            .components
            .iter()
            .map(|component| component.name().len())
            .max()
            .unwrap_or(0);
        for component in &self.components {
            write!(f, "\n  {:width$}  {component}", component.name())?;
        }
        Ok(())
    }
}

impl fmt::Display for ComponentReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(start) = self.start {
            write!(f, "started in {}, ", Short(start))?;
        }
        match (&self.outcome, self.stop) {
            (Outcome::Stopped, Some(stop)) => write!(f, "stopped in {}", Short(stop)),
            (Outcome::Failed(failure), Some(stop)) => {
                write!(f, "stopped in {}: {failure}", Short(stop))
            }
            (outcome, _) => write!(f, "{outcome}"),
        }
    }
}
