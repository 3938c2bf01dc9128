//! Finding the credential of a request.

use std::fmt;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::jose::Reason;

/// What the `Authorization` header says. `Debug` does not show the credential.
#[derive(Clone, Copy)]
pub(crate) struct Authorization<'a> {
    pub(super) scheme: &'a str,
    pub(crate) token: &'a str,
}

impl fmt::Debug for Authorization<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

/// The credential; `None` without an `Authorization` header.
///
/// Only the header is read: a token in the query ends up in every log on the way (RFC 6750 §5.3).
pub(super) fn read(headers: &HeaderMap) -> Result<Option<Authorization<'_>>, Reason> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Reason::SeveralCredentials);
    }
    let text = value.to_str().map_err(|_| Reason::CredentialMalformed)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if scheme.is_empty() {
        return Err(Reason::CredentialMalformed);
    }
    // RFC 9110 §11.4: one or more spaces, then `token68`, for the schemes that are read here.
    let token = token.trim_start_matches(' ');
    Ok(Some(Authorization { scheme, token }))
}

impl<'a> Authorization<'a> {
    /// The credential, if it is `token68`.
    pub(crate) fn token68(&self) -> Option<&'a str> {
        let is_token68 = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        let is_one = !self.token.is_empty() && self.token.bytes().all(is_token68);
        is_one.then_some(self.token)
    }
}
