//! What can be set.

use std::fmt;

use super::read::{Kind, Schema};
use super::tree::{Path, Step};

/// One key that a configuration type has: for `--help`, for a reference page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    path: String,
    expected: String,
    required: bool,
    secret: bool,
    variable: Option<String>,
}

impl Key {
    /// The path, such as `db.max_connections`; `*` stands for the name of an entry or the number of an element.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is allowed, in words.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// Whether there is no configuration without it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// Whether it is a [`Secret`](super::Secret), which can also be given as a file.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    /// The environment variable that sets it, if the loader reads the environment.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        self.variable.as_deref()
    }

    pub(super) fn list(
        schema: &Schema,
        required: &[String],
        variable: impl Fn(&Path) -> Option<String>,
    ) -> Vec<Self> {
        let is_element = |path: &Path| {
            path.last() == Some(&Step::Each)
                && path.parent().is_some_and(|parent| schema.is_list(&parent))
        };
        let mut keys = Vec::new();
        for (path, shape) in schema.iter() {
            let settable = match shape.kind {
                Kind::Leaf { .. } | Kind::Enum { .. } | Kind::Any => {
                    path.len() > 0 && !is_element(path)
                }
                Kind::List => !is_element(path),
                Kind::Struct { .. } | Kind::Map => false,
            };
            if settable {
                let name = path.to_string();
                keys.push(Self {
                    expected: shape.expected.clone(),
                    required: required.contains(&name),
                    secret: schema.is_secret(path),
                    variable: variable(path),
                    path: name,
                });
            }
        }
        keys
    }
}

/// `db.url: a string, required (APP__DB__URL)`
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.expected)?;
        f.write_str(if self.secret { ", secret" } else { "" })?;
        f.write_str(if self.required { ", required" } else { "" })?;
        match &self.variable {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}
