//! What building a config can say.

use std::fmt;

/// Why a config was refused: every problem, not the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<ConfigProblem>,
}

/// One knob that is out of range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} is {value}, allowed is {allowed}")]
pub struct ConfigProblem {
    key: &'static str,
    value: String,
    allowed: &'static str,
}

impl ConfigError {
    pub(super) const fn new(problems: Vec<ConfigProblem>) -> Self {
        Self { problems }
    }

    /// The problems, in the order of the knobs.
    #[must_use]
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }
}

impl ConfigProblem {
    pub(super) const fn new(key: &'static str, value: String, allowed: &'static str) -> Self {
        Self {
            key,
            value,
            allowed,
        }
    }

    /// Which knob.
    #[must_use]
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// What it was set to.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What it may be.
    #[must_use]
    pub fn allowed(&self) -> &'static str {
        self.allowed
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server cannot be built")?;
        self.problems
            .iter()
            .enumerate()
            .try_for_each(|(at, problem)| {
                f.write_str(if at == 0 { ": " } else { "; " })?;
                problem.fmt(f)
            })
    }
}

impl std::error::Error for ConfigError {}
