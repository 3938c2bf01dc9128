//! What a layer asks of those who know credentials.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Uri};
use ovasabi_core::{Code, Error};

use super::credential::Authorization;
use crate::Principal;
use crate::jose::Reason;

/// Knows one kind of credential: tokens of an issuer, API keys, certificates.
///
/// An [`AuthLayer`](super::AuthLayer) asks those that it has, in order, until one says that the credential is its own.
/// It answers at once where it can; whoever has to ask somebody else first hands out a future, which is boxed then.
pub trait Authenticate: Send + Sync + 'static {
    /// Looks at the credential of a request.
    fn authenticate(&self, request: &Presented<'_>) -> Verdict;

    /// How a caller is asked for such a credential.
    fn scheme(&self) -> Scheme {
        Scheme::new("Bearer")
    }

    /// A header besides `Authorization` in which it looks for credentials. Default: none.
    ///
    /// The layer keeps it out of logs, and refuses requests that bring a credential here and there.
    fn header(&self) -> Option<HeaderName> {
        None
    }

    /// Headers of the answer to a request that was refused for this reason, beside the challenge: what the caller needs
    /// to do better. Asked of the one that has refused it, or of the first one when none was asked. Default: none.
    fn refusal_headers(&self, reason: Reason) -> Vec<(HeaderName, HeaderValue)> {
        let _ = reason;
        Vec::new()
    }
}

/// What is known of a request before its credential is believed.
#[derive(Debug)]
pub struct Presented<'a> {
    pub(super) authorization: Option<Authorization<'a>>,
    /// The method.
    pub method: &'a Method,
    /// The target, as the request has it.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// What layers and the server have found out: a [`Context`](ovasabi_core::Context), a
    /// [`PeerAddr`](ovasabi_core::http::PeerAddr).
    pub extensions: &'a Extensions,
}

impl<'a> Presented<'a> {
    /// The credential of the `Authorization` header, if it is of this scheme; schemes have no case.
    ///
    /// # Errors
    /// [`Reason::CredentialMalformed`] when what follows the scheme is not `token68` (RFC 9110 §11.2).
    #[must_use]
    pub fn authorization(&self, scheme: &str) -> Option<Result<&'a str, Reason>> {
        let credential = self.unchecked(scheme)?;
        Some(credential.token68().ok_or(Reason::CredentialMalformed))
    }

    /// The same for those who compare it with what they know before anything else.
    pub(crate) fn unchecked(&self, scheme: &str) -> Option<Authorization<'a>> {
        self.authorization
            .filter(|credential| credential.scheme.eq_ignore_ascii_case(scheme))
    }
}

/// What is said of a credential.
pub enum Verdict {
    /// There is none of this kind: the next one is asked.
    NotMine,
    /// It is believed.
    Accepted(Principal),
    /// It is of this kind, and refused: nobody else is asked.
    Refused(Denied),
    /// Somebody has to be asked first.
    Pending(Pin<Box<dyn Future<Output = Result<Principal, Denied>> + Send>>),
}

/// Why a credential was refused, and when it is worth trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied {
    reason: Reason,
    retry_after: Option<Duration>,
}

impl Denied {
    /// Nobody could say whether the credential is good: the caller reads 503 and comes back after `retry_after`.
    #[must_use]
    pub fn unavailable(retry_after: Duration) -> Self {
        Self {
            reason: Reason::Unavailable,
            retry_after: Some(retry_after),
        }
    }

    /// The credential is good and has used up its limit: the caller reads 429 and comes back after `retry_after`.
    #[must_use]
    pub fn too_many(retry_after: Duration) -> Self {
        Self::from(Reason::RateLimited).retry_after(retry_after)
    }

    /// The same refusal, to be tried again after this time.
    #[must_use]
    pub fn retry_after(self, after: Duration) -> Self {
        Self {
            retry_after: Some(after),
            ..self
        }
    }

    /// Why.
    #[must_use]
    pub fn reason(self) -> Reason {
        self.reason
    }

    pub(super) fn into_error(self) -> Error {
        let error = match self.reason {
            Reason::Unavailable => {
                Error::new(Code::Unavailable, "authentication_unavailable").caused_by(self.reason)
            }
            reason => reason.into(),
        };
        match self.retry_after {
            Some(after) => error.retry_after(after),
            None => error,
        }
    }
}

/// The label of the reason: for logs, not for the caller.
impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.reason, f)
    }
}

impl std::error::Error for Denied {}

/// What the caller reads: 401 whatever the reason, 403 for a missing scope, 503 when nobody could say.
impl From<Denied> for Error {
    fn from(denied: Denied) -> Self {
        denied.into_error()
    }
}

impl From<Reason> for Denied {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            retry_after: None,
        }
    }
}

impl<E: Into<Denied>> From<Result<Principal, E>> for Verdict {
    fn from(verified: Result<Principal, E>) -> Self {
        match verified {
            Ok(principal) => Self::Accepted(principal),
            Err(denied) => Self::Refused(denied.into()),
        }
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMine => f.write_str("NotMine"),
            Self::Accepted(principal) => f.debug_tuple("Accepted").field(principal).finish(),
            Self::Refused(denied) => f.debug_tuple("Refused").field(denied).finish(),
            Self::Pending(_) => f.write_str("Pending(..)"),
        }
    }
}

/// A scheme of RFC 9110 §11, as a challenge names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Scheme {
    name: &'static str,
    /// Parameters beside `realm`, each `name="value"`.
    pub(super) parameters: Vec<String>,
}

impl Scheme {
    /// The scheme of this name: a token of RFC 9110 §5.6.2. Characters that no token has are left out of challenges, and
    /// a scheme of which nothing is left is not asked for.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            parameters: Vec::new(),
        }
    }

    /// Adds a parameter to its challenges. Characters that would end the name, the quotes or the header are left out,
    /// and so is a parameter without a name.
    pub fn parameter(mut self, name: &'static str, value: &str) -> Self {
        let is_plain =
            |&character: &char| matches!(character, ' '..='~') && !matches!(character, '"' | '\\');
        let value: String = value.chars().filter(is_plain).collect();
        if let Some(name) = token(name) {
            self.parameters.push(format!("{name}=\"{value}\""));
        }
        self
    }

    /// Its name, as far as it is one.
    pub(super) fn token(&self) -> Option<String> {
        token(self.name)
    }
}

/// What of a text is a token, if anything.
fn token(text: &str) -> Option<String> {
    let is_part = |&character: &char| {
        character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
    };
    let token: String = text.chars().filter(is_part).collect();
    (!token.is_empty()).then_some(token)
}
