//! Why a caller may not.

use std::fmt;

use ovasabi_core::{Code, Error};

/// Why a decision was *no*: for logs, never for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denial {
    /// The caller lacks a role.
    MissingRole(String),
    /// The caller lacks a scope.
    MissingScope(String),
    /// The thing belongs to somebody else.
    NotOwner,
    /// The rule allows nobody.
    EmptyRule,
}

impl Denial {
    /// A stable label for logs and metrics, such as `missing_role`.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::MissingRole(_) => "missing_role",
            Self::MissingScope(_) => "missing_scope",
            Self::NotOwner => "not_owner",
            Self::EmptyRule => "empty_rule",
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingRole(role) => write!(f, "the caller lacks the role `{role}`"),
            Self::MissingScope(scope) => write!(f, "the caller lacks the scope `{scope}`"),
            Self::NotOwner => f.write_str("the caller is not the owner"),
            Self::EmptyRule => f.write_str("the rule allows nobody"),
        }
    }
}

impl std::error::Error for Denial {}

/// 403, with the denial as its private cause.
impl From<Denial> for Error {
    fn from(denial: Denial) -> Self {
        Self::new(Code::PermissionDenied, "forbidden").caused_by(denial)
    }
}
