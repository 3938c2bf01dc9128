//! What fetching and building can say.

use std::sync::Arc;

use http::StatusCode;
use ovasabi_core::{Code, Error};

use crate::http::{EndpointError, FetchError};
use crate::jose::{JwkSetError, Reason};

/// Why a fetch brought no keys. Those that are there stay.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// There is no answer.
    #[error("there is no answer: {0}")]
    Fetch(#[from] FetchError),
    /// The answer has another status than 200.
    #[error("the answer has the status {0}")]
    Status(StatusCode),
    /// The answer is no set of keys.
    #[error("the answer is no set of keys: {0}")]
    Set(#[from] JwkSetError),
    /// The set has no key that can be trusted.
    #[error("the set has no key that can be trusted, {skipped} were left out")]
    Empty {
        /// How many keys were left out.
        skipped: usize,
    },
    /// There are shared secrets in the set: a set that lives is a published one.
    #[error("there is a shared secret in the set")]
    Secret,
    /// The source has nothing new to what was never there.
    #[error("the answer is `unchanged`, and there is nothing to keep")]
    NothingToKeep,
    /// The metadata of the issuer is no JSON object.
    #[error("the metadata is no JSON object: {0}")]
    Metadata(Reason),
    /// The metadata has no such member, or not as text.
    #[error("the metadata has no `{0}`, or not as text")]
    MetadataMember(&'static str),
    /// The metadata is that of another issuer (RFC 8414 §3.3): byte for byte, a slash at the end too.
    #[error("the metadata is that of the issuer `{found}`, expected `{expected}`")]
    IssuerDiffers {
        /// Whose metadata it should be.
        expected: String,
        /// Whose it is, cut off after 256 bytes.
        found: String,
    },
    /// `jwks_uri` is one that may not be asked.
    #[error("`jwks_uri` may not be asked: {0}")]
    Endpoint(#[from] EndpointError),
    /// The metadata of an issuer elsewhere points to this machine.
    #[error("`jwks_uri` is on this machine, and the issuer is not")]
    PointsHere,
    /// The fetch took too long.
    #[error("the source did not answer in time")]
    TimedOut,
    /// The fetch panicked.
    #[error("the source panicked")]
    Panicked,
    /// Something else, of a source of one's own.
    #[error("{0}")]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl SourceError {
    /// A failure of a source of one's own.
    pub fn other(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(source.into())
    }

    /// Which counter it is.
    pub(super) fn outcome(&self) -> super::counters::Outcome {
        use super::counters::Outcome;
        match self {
            Self::TimedOut | Self::Fetch(FetchError::TimedOut { .. }) => Outcome::TimedOut,
            Self::Fetch(FetchError::Client(_)) | Self::Status(_) => Outcome::Failed,
            Self::Panicked | Self::Other(_) => Outcome::Failed,
            _ => Outcome::Invalid,
        }
    }
}

/// There are no keys that may be believed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("there are no keys to verify tokens with")]
pub struct NotReady(#[source] pub(super) Option<Arc<SourceError>>);

/// Not the caller's fault, and to be tried again.
impl From<NotReady> for Error {
    fn from(error: NotReady) -> Self {
        Self::new(Code::Unavailable, "authentication_unavailable").caused_by(error)
    }
}

/// Everything that is wrong with the settings of a client, at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the settings of the key set are not valid: {}", .problems.join("; "))]
pub struct ConfigError {
    pub(super) problems: Vec<String>,
}

impl ConfigError {
    /// Each problem with its setting, its value and what is allowed.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}
