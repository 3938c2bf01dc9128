//! Why an application stopped, and how its components ended.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Signal;
use crate::Error;
use crate::reject::Name;

/// Why an application stopped. The first reason stays.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// A signal asked for it.
    Signal(Signal),
    /// [`AppHandle::shutdown`](super::AppHandle::shutdown) asked for it.
    Requested,
    /// A component or task did not start, failed, panicked, or ended before it was asked to.
    Failed {
        /// Which one.
        name: Name,
        /// In which way.
        failure: Failure,
    },
    /// A second signal ended it at once, wherever it was.
    Immediate(Signal),
}

/// In which way a component or a task failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Failure {
    /// Its start failed.
    Start(Arc<Error>),
    /// It was not started when its start budget was used up.
    StartTimeout(Duration),
    /// Its long-running work failed.
    Run(Arc<Error>),
    /// It panicked, saying this.
    Panic(Arc<str>),
    /// Its long-running work ended before it was asked to.
    Ended,
    /// Its stop failed.
    Stop(Arc<Error>),
}

/// How one component ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Its turn to start did not come, or a stop was asked for while it started.
    NotStarted,
    /// It stopped within its budget.
    Stopped,
    /// It failed, in its start, its work or its stop.
    Failed(Failure),
    /// It did not stop within this budget and was dropped.
    Hung(Duration),
    /// It was running when the total budget was used up, or a second signal came, and was dropped.
    Abandoned,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted => f.write_str("not started"),
            Self::Stopped => f.write_str("stopped"),
            Self::Failed(failure) => failure.fmt(f),
            Self::Hung(budget) => write!(f, "hung: not stopped after {}", Short(*budget)),
            Self::Abandoned => f.write_str("abandoned: no time was left to stop it"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(signal) => signal.fmt(f),
            Self::Requested => f.write_str("shutdown was requested"),
            Self::Failed { name, failure } => write!(f, "{name} {failure}"),
            Self::Immediate(signal) => write!(f, "at once, by a second signal ({signal})"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => write!(f, "failed to start: {}", Chain(error)),
            Self::StartTimeout(budget) => {
                write!(f, "failed to start: not started after {}", Short(*budget))
            }
            Self::Run(error) => write!(f, "failed: {}", Chain(error)),
            Self::Panic(message) => write!(f, "panicked: {message}"),
            Self::Ended => f.write_str("ended before it was asked to"),
            Self::Stop(error) => write!(f, "failed to stop: {}", Chain(error)),
        }
    }
}

/// An error with its causes, on one line.
struct Chain<'a>(&'a Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = std::error::Error::source(self.0);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

/// A duration as people read it: three decimals would be noise.
pub(super) struct Short(pub(super) Duration);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < Duration::from_secs(1) {
            write!(f, "{} ms", self.0.as_millis())
        } else {
            write!(f, "{:.1} s", self.0.as_secs_f64())
        }
    }
}
