//! What building or reloading a stack can say.

use std::fmt;
use std::time::Duration;

use ovasabi_core::reject::Name;
use ovasabi_core::{Code, Error};

use super::{Part, RateLimitConfig};
use crate::config::ConfigError;
use crate::rate_limit::Quota;

/// A stack that cannot be, with every reason why, over all its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackError {
    name: Name,
    problems: Vec<StackProblem>,
}

/// One impossible setting.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StackProblem {
    /// The setting, as configuration names it: `breaker.minimum_calls`.
    pub key: String,
    /// What it was set to.
    pub value: String,
    /// What it may be set to.
    pub allowed: String,
}

impl StackError {
    /// The problems, outermost part first; never empty.
    #[must_use]
    pub fn problems(&self) -> &[StackProblem] {
        &self.problems
    }
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot build the stack `{}`", self.name)?;
        for (nth, problem) in self.problems.iter().enumerate() {
            let StackProblem {
                key,
                value,
                allowed,
            } = problem;
            let sign = if nth == 0 { ':' } else { ';' };
            write!(f, "{sign} {key} is {value}, allowed is {allowed}")?;
        }
        Ok(())
    }
}

impl std::error::Error for StackError {}

/// A service that cannot be built has not met its preconditions.
impl From<StackError> for Error {
    fn from(error: StackError) -> Self {
        Self::new(Code::FailedPrecondition, "config.invalid").caused_by(error)
    }
}

/// The step of the timers.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Collects the problems of all parts.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<StackProblem>);

impl Problems {
    /// What a part was built into; its problems are kept.
    pub(super) fn take<T>(&mut self, part: Part, built: Result<T, ConfigError>) -> Option<T> {
        match built {
            Ok(value) => Some(value),
            Err(error) => {
                for problem in error.problems() {
                    self.add(part, problem.key, &problem.value, &problem.allowed);
                }
                None
            }
        }
    }

    pub(super) fn add(
        &mut self,
        part: Part,
        key: &str,
        value: impl fmt::Display,
        allowed: impl fmt::Display,
    ) {
        let key = if key.is_empty() {
            part.label().to_owned()
        } else {
            format!("{part}.{key}")
        };
        self.0.push(StackProblem {
            key,
            value: value.to_string(),
            allowed: allowed.to_string(),
        });
    }

    /// The quota, if it can be.
    pub(super) fn quota(&mut self, limit: &RateLimitConfig) -> Option<Quota> {
        match limit.quota() {
            Ok(quota) => Some(quota),
            Err(error) => {
                let allowed = "a period above zero, and a burst that comes back within a century";
                self.add(Part::RateLimit, "", error, allowed);
                None
            }
        }
    }

    /// A part that would have to be turned on or off.
    pub(super) fn kept(&mut self, part: Part, known: bool, wanted: bool) {
        let word = |is_on| if is_on { "on" } else { "off" };
        if known != wanted {
            let allowed = format!("{}, as it was built", word(known));
            self.add(part, "", word(wanted), allowed);
        }
    }

    /// Times that cannot be met, or do not fit into each other.
    pub(super) fn times(&mut self, deadline: Option<Duration>, timeout: Option<Duration>) {
        for (part, limit) in [(Part::Deadline, deadline), (Part::Timeout, timeout)] {
            if let Some(limit) = limit
                && !(SHORTEST..=LONGEST).contains(&limit)
            {
                let allowed = format!("{SHORTEST:?}..={LONGEST:?}");
                self.add(part, "", format_args!("{limit:?}"), allowed);
            }
        }
        if let (Some(deadline), Some(timeout)) = (deadline, timeout)
            && timeout > deadline
        {
            let allowed = format!("up to the deadline of the call, {deadline:?}");
            self.add(Part::Timeout, "", format_args!("{timeout:?}"), allowed);
        }
    }

    /// # Errors
    /// All problems, if there are any.
    pub(super) fn finish(self, name: &Name) -> Result<(), StackError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(StackError {
                name: name.clone(),
                problems: self.0,
            })
        }
    }
}
