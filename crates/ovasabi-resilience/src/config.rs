//! What is wrong with a configuration: everything at once.
//!
//! Every builder of this crate collects its problems and answers with one [`ConfigError`], so that an
//! operator fixes a file in one go. No value is clamped in silence, and none panics later.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use ovasabi_core::inspect::{Inspect, Inspected, Registry};
use ovasabi_core::reject::Name;
use ovasabi_core::{Code, Error};

/// A configuration that cannot work, with every reason why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    component: &'static str,
    name: Name,
    problems: Vec<Problem>,
}

/// One impossible setting.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The knob, as its setter is called.
    pub key: &'static str,
    /// What it was set to.
    pub value: String,
    /// What it may be set to.
    pub allowed: String,
}

impl Problem {
    /// A problem of `key`, which is `value` and may be what `allowed` says.
    #[must_use]
    pub fn new(key: &'static str, value: impl fmt::Display, allowed: impl Into<String>) -> Self {
        Self {
            key,
            value: value.to_string(),
            allowed: allowed.into(),
        }
    }
}

impl ConfigError {
    /// The problems of both, for what is built of two parts.
    #[cfg(feature = "stack")]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.problems.extend(other.problems);
        self
    }

    /// The problems, in the order of the knobs; never empty.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot build {} `{}`", self.component, self.name)?;
        for (nth, problem) in self.problems.iter().enumerate() {
            f.write_str(if nth == 0 { ": " } else { "; " })?;
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is {}, allowed is {}",
            self.key, self.value, self.allowed
        )
    }
}

/// A service that cannot be built has not met its preconditions.
impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::new(Code::FailedPrecondition, "config.invalid").caused_by(error)
    }
}

/// Collects problems while a builder looks at its knobs.
#[cfg_attr(
    not(feature = "full"),
    allow(dead_code, reason = "each layer uses its part")
)]
#[derive(Debug, Default)]
pub(crate) struct Check(Vec<Problem>);

#[cfg_attr(
    not(feature = "full"),
    allow(dead_code, reason = "each layer uses its part")
)]
impl Check {
    pub(crate) fn problem(
        &mut self,
        key: &'static str,
        value: impl fmt::Display,
        allowed: impl Into<String>,
    ) {
        self.0.push(Problem::new(key, value, allowed));
    }

    /// What a part of its own has found.
    pub(crate) fn add(&mut self, problems: Vec<Problem>) {
        self.0.extend(problems);
    }

    /// A number between both ends; NaN is between none.
    pub(crate) fn range<T: PartialOrd + fmt::Display + Copy>(
        &mut self,
        key: &'static str,
        value: T,
        allowed: RangeInclusive<T>,
    ) {
        if !allowed.contains(&value) {
            self.problem(
                key,
                value,
                format!("{}..={}", allowed.start(), allowed.end()),
            );
        }
    }

    pub(crate) fn duration(
        &mut self,
        key: &'static str,
        value: Duration,
        allowed: RangeInclusive<Duration>,
    ) {
        if !allowed.contains(&value) {
            self.problem(
                key,
                format!("{value:?}"),
                format!("{:?}..={:?}", allowed.start(), allowed.end()),
            );
        }
    }

    /// A share of the calls: above 0, up to 1.
    pub(crate) fn share(&mut self, key: &'static str, value: f64) {
        if !(value > 0.0 && value <= 1.0) {
            self.problem(key, value, "above 0.0, up to 1.0");
        }
    }

    /// # Errors
    /// All problems, if there are any.
    pub(crate) fn finish(self, component: &'static str, name: &Name) -> Result<(), ConfigError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ConfigError {
                component,
                name: name.clone(),
                problems: self.0,
            })
        }
    }
}

/// Lets a finished component join its registry, if it has one.
///
/// # Errors
/// When a living component of its kind has the name already.
#[cfg_attr(
    not(feature = "full"),
    allow(dead_code, reason = "each layer uses its part")
)]
pub(crate) fn join<T: Inspect>(
    registry: Option<&Registry>,
    component: &Arc<Inspected<T>>,
) -> Result<(), ConfigError> {
    let Some(Err(_)) = registry.map(|registry| registry.register(component)) else {
        return Ok(());
    };
    let mut check = Check::default();
    check.problem(
        "name",
        component.name(),
        "a name that no other of its kind has in this registry",
    );
    check.finish(component.kind(), component.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_everything_at_once_with_key_value_and_what_is_allowed() {
        let mut check = Check::default();
        check.range("minimum_calls", 0, 1..=100);
        check.share("failure_rate_threshold", f64::NAN);
        check.duration(
            "lease",
            Duration::ZERO,
            Duration::from_millis(1)..=Duration::from_secs(1),
        );
        let error = check
            .finish("circuit_breaker", &Name::from("a"))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot build circuit_breaker `a`: minimum_calls is 0, allowed is 1..=100; failure_rate_threshold is \
             NaN, allowed is above 0.0, up to 1.0; lease is 0ns, allowed is 1ms..=1s"
        );
    }
}
