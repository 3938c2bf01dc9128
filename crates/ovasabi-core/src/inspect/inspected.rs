//! A component that can be looked into.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use super::Snapshot;
use super::registry::Link;
use crate::reject::Name;

/// A component that describes itself.
pub trait Inspect: Send + Sync + 'static {
    /// What it is: `circuit_breaker`, `rate_limiter`.
    fn kind(&self) -> &'static str;

    /// Which one it is.
    fn name(&self) -> &Name;

    /// Its numbers now. Called from outside the hot path, and once more when it dies; must not block, panic,
    /// or register anything.
    fn snapshot(&self) -> Snapshot;

    /// What can be done to it from outside. Default: nothing.
    fn controls(&self) -> &'static [Control] {
        &[]
    }

    /// Does one of its [`controls`](Inspect::controls). Must not block, or ask anything of the registry.
    ///
    /// # Errors
    /// [`ControlError`] when there is no such action, or the argument is not allowed.
    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        let _ = argument;
        Err(ControlError::unknown(action, self.controls()))
    }
}

/// One thing that can be done to a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// The word for it, such as `force_open`.
    pub action: &'static str,
    /// What it does, in a few words.
    pub help: &'static str,
    /// What the argument may be; empty when it takes none.
    pub argument: &'static str,
}

/// Why a control was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot do `{action}`: {problem}")]
pub struct ControlError {
    action: String,
    problem: String,
}

impl ControlError {
    /// There is no such action; names those that there are.
    #[must_use]
    pub fn unknown(action: &str, known: &[Control]) -> Self {
        let known: Vec<_> = known.iter().map(|control| control.action).collect();
        let problem = if known.is_empty() {
            "this component has no controls".to_owned()
        } else {
            format!("no such action, there are: {}", known.join(", "))
        };
        Self {
            action: action.to_owned(),
            problem,
        }
    }

    /// The argument is not allowed; `allowed` says what is.
    #[must_use]
    pub fn argument(action: &str, argument: Option<&str>, allowed: &str) -> Self {
        let problem = match argument {
            Some(argument) => format!("`{argument}` is not allowed, expected {allowed}"),
            None => format!("an argument is missing, expected {allowed}"),
        };
        Self {
            action: action.to_owned(),
            problem,
        }
    }
}

/// The shared state of a handle, which leaves its counters behind when it dies.
///
/// Handles keep `Arc<Inspected<State>>`; it derefs to the state.
pub struct Inspected<T: Inspect> {
    value: T,
    link: OnceLock<Link>,
}

impl<T: Inspect> Inspected<T> {
    /// Wraps the state. It joins a registry with [`Registry::register`](super::Registry::register).
    pub const fn new(value: T) -> Self {
        Self {
            value,
            link: OnceLock::new(),
        }
    }

    pub(super) fn value(&self) -> &T {
        &self.value
    }

    /// `false` when it has joined a registry before.
    pub(super) fn join(&self, link: Link) -> bool {
        self.link.set(link).is_ok()
    }

    pub(super) fn has_joined(&self) -> bool {
        self.link.get().is_some()
    }
}

impl<T: Inspect> Deref for Inspected<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Inspect> Drop for Inspected<T> {
    fn drop(&mut self) {
        if let Some(link) = self.link.take() {
            link.retire(&self.value);
        }
    }
}

impl<T: Inspect + fmt::Debug> fmt::Debug for Inspected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

/// What a registry holds: the wrapper answers for the state inside.
impl<T: Inspect> Inspect for Inspected<T> {
    fn kind(&self) -> &'static str {
        self.value().kind()
    }
    fn name(&self) -> &Name {
        self.value().name()
    }
    fn snapshot(&self) -> Snapshot {
        self.value().snapshot()
    }
    fn controls(&self) -> &'static [Control] {
        self.value().controls()
    }
    fn control(&self, action: &str, argument: Option<&str>) -> Result<(), ControlError> {
        self.value().control(action, argument)
    }
}
