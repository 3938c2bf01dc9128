//! Environment variables: `APP__DB__MAX_CONNECTIONS`.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

use super::layers::{Setting, check_levels};
use crate::config::{Problem, ProblemKind, Source};

/// What separates the prefix and the levels; a single `_` is part of a name.
const SEPARATOR: &str = "__";

/// The variables of one prefix.
#[derive(Clone)]
pub(crate) struct Variables {
    pub(crate) prefix: String,
    variables: Vec<(OsString, OsString)>,
}

impl Variables {
    /// Keeps what stands under `prefix` and nothing else of the environment.
    pub(crate) fn new(prefix: &str, variables: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let head = head(prefix);
        let mut variables: Vec<_> = variables
            .filter(|(name, _)| name.to_string_lossy().to_lowercase().starts_with(&head))
            .collect();
        // The environment has no order of its own; shorter names first, so that parts follow the whole.
        variables.sort();
        Self {
            prefix: prefix.to_owned(),
            variables,
        }
    }
}

/// Names only: any value may be a secret.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.variables.iter().map(|(name, _)| name);
        f.debug_struct("Variables")
            .field("prefix", &self.prefix)
            .field("names", &names.collect::<Vec<_>>())
            .finish()
    }
}

fn head(prefix: &str) -> String {
    format!("{prefix}{SEPARATOR}").to_lowercase()
}

pub(crate) fn read(given: &Variables, problems: &mut Vec<Problem>) -> Vec<Setting> {
    let mut settings = Vec::new();
    let head = head(&given.prefix);
    for (name, value) in &given.variables {
        let lossy: Arc<str> = name.to_string_lossy().into();
        let source = Source::Variable {
            name: Arc::clone(&lossy),
        };
        let mut refuse = |kind, message: &str| {
            problems.push(Problem::new(kind, message).found_in(Some(source.clone())));
        };
        let Some(name) = name.to_str() else {
            refuse(
                ProblemKind::Unreadable,
                "the name of the variable is not valid UTF-8",
            );
            continue;
        };
        let Some(value) = value.to_str() else {
            refuse(
                ProblemKind::Unreadable,
                "the value of the variable is not valid UTF-8",
            );
            continue;
        };
        let lower = name.to_lowercase();
        let levels: Vec<String> = lower
            .get(head.len()..)
            .unwrap_or_default()
            .split(SEPARATOR)
            .map(str::to_owned)
            .collect();
        if let Err(message) = check_levels(&levels) {
            refuse(ProblemKind::Syntax, message);
            continue;
        }
        settings.push(Setting::new(levels, value, source));
    }
    settings
}
