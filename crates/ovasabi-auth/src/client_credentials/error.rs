//! Why there is no token.

use std::sync::Arc;

use ovasabi_core::{Code, Error};

use crate::client_auth::Unsendable;
use crate::http::FetchError;
use crate::jose::KeyError;

/// Why there is no token. Clones share the cause: all who waited for one answer get it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The authorization server could not be asked, or did not answer in time.
    #[error("the authorization server did not answer")]
    Fetch(#[source] Arc<FetchError>),
    /// It answered with another status than 200.
    #[error("the authorization server answered {status} ({code})")]
    Refused {
        /// The status.
        status: u16,
        /// `error` of RFC 6749 §5.2, when it is of small letters and `_` as registered codes are; else `unknown`.
        code: Box<str>,
    },
    /// What it answered is no token.
    #[error("the answer of the authorization server is not valid: {0}")]
    Invalid(&'static str),
    /// The question could not be written.
    #[error("the credential has characters that no header can hold")]
    Credential,
    /// The assertion that says who asks could not be signed.
    #[error("there is no assertion of this service")]
    Assertion(#[source] KeyError),
    /// The proof of its key could not be made.
    #[cfg(feature = "dpop")]
    #[error("there is no proof of the key")]
    Proof(#[from] crate::dpop::ProofError),
}

impl From<Unsendable> for TokenError {
    fn from(error: Unsendable) -> Self {
        match error {
            Unsendable::Characters => Self::Credential,
            Unsendable::Key(error) => Self::Assertion(error),
        }
    }
}

/// Ours to mend, or the other side's: the caller of this service can do nothing about it.
impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        Self::new(Code::Unavailable, "credentials_unavailable").caused_by(error)
    }
}
