//! Finding the credential of a request.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::jose::Reason;

/// The bearer token; `None` without an `Authorization` header.
///
/// Only the header is read: a token in the query ends up in every log on the way (RFC 6750 §5.3).
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Reason> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Reason::SeveralCredentials);
    }
    let text = value.to_str().map_err(|_| Reason::CredentialMalformed)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(if scheme.is_empty() {
            Reason::CredentialMalformed
        } else {
            Reason::SchemeNotSupported
        });
    }
    // RFC 9110 §11.4: one or more spaces, then `token68`.
    let token = token.trim_start_matches(' ');
    let is_token68 = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || !token.bytes().all(is_token68) {
        return Err(Reason::CredentialMalformed);
    }
    Ok(Some(token))
}
