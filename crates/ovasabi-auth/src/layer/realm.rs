//! The realm of a challenge.

use std::borrow::Cow;

use http::HeaderValue;

use crate::jose::Reason;

/// What a challenge asks a credential for: shown to people, a name of the service. Default: `api`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm(Cow<'static, str>);

/// The text cannot stand in a challenge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "realm: {text:?} is not allowed, expected 1 to 128 printable ASCII characters without quotes and backslashes"
)]
pub struct RealmError {
    text: String,
}

impl Realm {
    /// The longest realm, in bytes.
    pub const MAX_LENGTH: usize = 128;

    /// The realm of this name.
    ///
    /// # Errors
    /// [`RealmError`] when the name is empty, too long, or has characters that would end the quotes or the
    /// header that it is written into.
    pub fn try_new(text: impl Into<Cow<'static, str>>) -> Result<Self, RealmError> {
        let text = text.into();
        let is_plain = |byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        let fits = (1..=Self::MAX_LENGTH).contains(&text.len());
        if fits && text.bytes().all(is_plain) {
            Ok(Self(text))
        } else {
            Err(RealmError {
                text: text.into_owned(),
            })
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Realm {
    fn default() -> Self {
        Self(Cow::Borrowed("api"))
    }
}

/// The challenges of one realm, made once.
#[derive(Clone, Debug)]
pub(super) struct Challenges {
    pub(super) bare: HeaderValue,
    invalid_request: HeaderValue,
    invalid_token: HeaderValue,
    insufficient_scope: HeaderValue,
}

impl Challenges {
    pub(super) fn new(realm: &Realm) -> Self {
        let with = |rest: &str| {
            let text = format!(r#"Bearer realm="{}"{rest}"#, realm.as_str());
            // A realm holds nothing that a header value may not.
            HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
        };
        Self {
            bare: with(""),
            invalid_request: with(r#", error="invalid_request""#),
            invalid_token: with(r#", error="invalid_token""#),
            insufficient_scope: with(r#", error="insufficient_scope""#),
        }
    }

    /// RFC 6750 §3.1: who sent no credential is told no error.
    pub(super) fn of(&self, reason: Reason) -> HeaderValue {
        match reason {
            Reason::CredentialMissing | Reason::SchemeNotSupported => self.bare.clone(),
            Reason::CredentialMalformed | Reason::SeveralCredentials => {
                self.invalid_request.clone()
            }
            Reason::ScopeMissing => self.insufficient_scope.clone(),
            _ => self.invalid_token.clone(),
        }
    }
}
