//! Everything that is wrong with a configuration, at once.

use std::fmt;

use super::{Problem, Source};
use crate::error::{Code, Error};

/// All problems of one configuration; never empty.
///
/// `Display` is one line for each, sorted by where they stand: files by line, then variables, then arguments,
/// then what is missing. `Debug` is the same text, because `main` prints that when it returns an error:
///
/// ```no_run
/// # use ovasabi_core::config::{ConfigErrors, Loader};
/// # #[derive(serde::Deserialize)] struct Settings {}
/// fn main() -> Result<(), ConfigErrors> {
///     let settings = Loader::<Settings>::new().file("platform.toml").env("APP").load()?;
///     # let _ = settings;
///     Ok(())
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    problems: Vec<Problem>,
}

impl ConfigErrors {
    /// The problems, in the order in which they are printed.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        let rank = |problem: &Problem| match &problem.source {
            Some(Source::Default) => 0,
            Some(Source::File { .. }) => 1,
            Some(Source::Variable { .. }) => 2,
            Some(Source::Argument { .. }) => 3,
            None => 4,
        };
        // Stable, so that arguments and several findings at one place keep their order.
        problems.sort_by(|a, b| {
            let places = || match (&a.source, &b.source) {
                (Some(Source::File { .. } | Source::Variable { .. }), _) => a.source.cmp(&b.source),
                _ => std::cmp::Ordering::Equal,
            };
            rank(a).cmp(&rank(b)).then_with(places)
        });
        Self { problems }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

/// The lines of `Display`, below each other: see the type.
impl fmt::Debug for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "{count} problem{plural} in the configuration\n{self}")
    }
}

impl std::error::Error for ConfigErrors {}

/// `InvalidArgument` with the reason `config.invalid`; the lines are its private cause, for they name files
/// and hosts.
impl From<ConfigErrors> for Error {
    fn from(errors: ConfigErrors) -> Self {
        Error::new(Code::InvalidArgument, "config.invalid")
            .detail("the configuration is not valid")
            .caused_by(errors)
    }
}
