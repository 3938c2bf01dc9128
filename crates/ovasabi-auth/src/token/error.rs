//! What building and signing can say.

use ovasabi_core::{Code, Error};

use crate::jose::{KeyError, Reason};

/// Everything that is wrong with the settings of a signer or verifier, at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token settings are not valid: {}", .problems.join("; "))]
pub struct ConfigError {
    problems: Vec<String>,
}

impl ConfigError {
    /// Each problem with its setting, its value and what is allowed.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// `value`, if there are no problems.
    pub(crate) fn unless<T>(problems: Vec<String>, value: T) -> Result<T, Self> {
        if problems.is_empty() {
            Ok(value)
        } else {
            Err(Self { problems })
        }
    }
}

/// A URL as an error may show it: a user name and its password are left out.
#[cfg(any(feature = "dpop", feature = "client-credentials"))]
pub(crate) fn shown(url: &str) -> std::borrow::Cow<'_, str> {
    match url.rsplit_once('@') {
        Some((_, rest)) => format!("..@{rest}").into(),
        None => url.into(),
    }
}

/// Why a token was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The subject is empty.
    #[error("a token needs a subject")]
    SubjectEmpty,
    /// A role is empty.
    #[error("a role is empty")]
    RoleEmpty,
    /// A scope has characters that RFC 6749 §3.3 does not allow, or is empty.
    #[error("`{scope}` is not a scope: visible ASCII without spaces, quotes and backslashes")]
    ScopeInvalid {
        /// The scope.
        scope: String,
    },
    /// A claim that the signer writes itself.
    #[error("the claim `{name}` is written by the signer")]
    ClaimReserved {
        /// The claim.
        name: String,
    },
    /// The token would be longer than what verifiers read.
    #[error("the token has {length} bytes, at most {max} are allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The longest allowed.
        max: usize,
    },
    /// Verifiers would refuse the claims: they are nested too deep.
    #[error("verifiers would refuse the claims: {reason}")]
    Unreadable {
        /// What they would say.
        reason: Reason,
    },
    /// The key could not sign, or there is no randomness for the id.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A fault of ours: a client cannot cause any of these by itself.
impl From<SignError> for Error {
    fn from(error: SignError) -> Self {
        Self::new(Code::Internal, "internal").caused_by(error)
    }
}
