//! One thing that is wrong with a configuration.

use std::fmt;

use super::Source;

/// What kind of mistake a [`Problem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A file that cannot be read, or a text that is not UTF-8.
    Unreadable,
    /// A text that is not valid TOML, or an argument that is not `--key=value`.
    Syntax,
    /// A key that nothing asks for.
    UnknownKey,
    /// A key that is required and has no value.
    Missing,
    /// A value of the wrong type, out of its range, or not one of those allowed.
    Invalid,
    /// Two values for one key, neither of which overrides the other.
    Conflict,
    /// A value that has the right type and breaks a rule of the application's own.
    Check,
}

impl ProblemKind {
    /// The stable name, such as `unknown_key`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Syntax => "syntax",
            Self::UnknownKey => "unknown_key",
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::Conflict => "conflict",
            Self::Check => "check",
        }
    }
}

/// One mistake: which key, what value it has, where that stands and what is allowed instead.
///
/// Its text is one line: `db.max_connections = "lots": expected an integer from 0 to 4294967295
/// (platform.toml:7:19)`. The value of a secret is never part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub(super) kind: ProblemKind,
    pub(super) key: String,
    pub(super) value: Option<String>,
    pub(super) message: String,
    pub(super) source: Option<Source>,
}

impl Problem {
    /// What kind of mistake it is.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The path of the key, such as `db.max_connections` or `servers[1].host`; empty if a whole file or
    /// argument is meant.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value as it was written, shortened, `***` for a secret; `None` if there is none.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// What is wrong and what is allowed, on one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where the value stands; `None` for a key that is nowhere.
    #[must_use]
    pub fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }

    pub(super) fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            key: String::new(),
            value: None,
            message: message.into(),
            source: None,
        }
    }

    pub(super) fn key_is(mut self, key: impl fmt::Display) -> Self {
        self.key = key.to_string();
        self
    }

    pub(super) fn value_is(mut self, value: Option<String>) -> Self {
        self.value = value;
        self
    }

    pub(super) fn found_in(mut self, source: Option<Source>) -> Self {
        self.source = source;
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            f.write_str(&self.key)?;
            if let Some(value) = &self.value {
                write!(f, " = {value}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)?;
        match &self.source {
            Some(source) => write!(f, " ({source})"),
            None => Ok(()),
        }
    }
}
