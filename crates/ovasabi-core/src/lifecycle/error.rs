//! What building an application can say.

use std::fmt;
use std::time::Duration;

use crate::inspect::NameTaken;

/// An application that cannot be run as it was described: every problem at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    app: String,
    problems: Vec<Problem>,
}

/// One thing that is wrong with the description of an application.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Two components have one name.
    #[error("there are {count} components named `{name}`; names are unique")]
    DuplicateName {
        /// The name.
        name: String,
        /// How many have it.
        count: usize,
    },
    /// A component comes after one that does not exist.
    #[error(
        "component `{component}` comes after `{dependency}`, which does not exist; there are: {known}"
    )]
    UnknownDependency {
        /// Which component.
        component: String,
        /// What it waits for.
        dependency: String,
        /// The names that there are.
        known: String,
    },
    /// Components wait for each other.
    #[error("components wait for each other: {}", .path.join(" after "))]
    Cycle {
        /// The way around; its last name is its first.
        path: Vec<String>,
    },
    /// [`after`](super::AppBuilder::after) or [`stop_within`](super::AppBuilder::stop_within) before the
    /// first component.
    #[error(
        "`{setting}` stands before the first component; it is about the one that was added last"
    )]
    NoComponentYet {
        /// Which setting.
        setting: &'static str,
    },
    /// A duration that leaves no time.
    #[error("`{knob}` is {value:?}; it must be {allowed}")]
    OutOfRange {
        /// Which knob.
        knob: &'static str,
        /// Its value.
        value: Duration,
        /// What it may be.
        allowed: String,
    },
    /// Another application or its health has the name in the registry.
    #[error(transparent)]
    NameTaken(#[from] NameTaken),
}

impl BuildError {
    pub(super) fn new(app: &str, problems: Vec<Problem>) -> Self {
        Self {
            app: app.to_owned(),
            problems,
        }
    }

    /// The problems: of settings first, then of names, dependencies and cycles.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "application `{}` cannot be built", self.app)?;
        let mut separator = ": ";
        for problem in &self.problems {
            write!(f, "{separator}{problem}")?;
            separator = "; ";
        }
        Ok(())
    }
}

impl std::error::Error for BuildError {}
