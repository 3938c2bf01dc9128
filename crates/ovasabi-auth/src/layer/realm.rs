//! The realm of a challenge.

use std::borrow::Cow;

use http::HeaderValue;

use super::Scheme;
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

/// The challenges of one realm, made once: for each scheme, with and without an error. `None` for a scheme that cannot
/// be named.
#[derive(Clone, Debug)]
pub(super) struct Challenges(Vec<Option<Challenge>>);

#[derive(Clone, Debug)]
struct Challenge {
    bare: HeaderValue,
    invalid_request: HeaderValue,
    invalid_token: HeaderValue,
    insufficient_scope: HeaderValue,
    invalid_proof: HeaderValue,
    use_nonce: HeaderValue,
}

impl Challenges {
    pub(super) fn new(realm: &Realm, schemes: impl IntoIterator<Item = Scheme>) -> Self {
        let schemes = schemes.into_iter();
        Self(
            schemes
                .map(|scheme| Challenge::new(realm, &scheme))
                .collect(),
        )
    }

    /// One for each scheme, without an error.
    pub(super) fn bare(&self) -> Vec<HeaderValue> {
        self.without_twins(|_, challenge| &challenge.bare)
    }

    /// What a caller reads whose credential was refused by the one of this place.
    pub(super) fn of(&self, place: usize, reason: Reason) -> Vec<HeaderValue> {
        // Nobody is asked for a better credential while the one that is there cannot be checked, or was too much.
        let has_to_wait = [
            Reason::Unavailable,
            Reason::TooManyFailures,
            Reason::RateLimited,
        ];
        if has_to_wait.contains(&reason) {
            return Vec::new();
        }
        self.without_twins(|at, challenge| {
            if at == place {
                challenge.of(reason)
            } else {
                &challenge.bare
            }
        })
    }

    /// Two who read the same scheme are one challenge; one with an error is the better of two.
    fn without_twins<'a>(
        &'a self,
        value: impl Fn(usize, &'a Challenge) -> &'a HeaderValue,
    ) -> Vec<HeaderValue> {
        let mut kept: Vec<(HeaderValue, HeaderValue)> = Vec::with_capacity(self.0.len());
        for (at, challenge) in self.0.iter().enumerate() {
            let Some(challenge) = challenge else { continue };
            let value = value(at, challenge);
            match kept.iter_mut().find(|(bare, _)| *bare == challenge.bare) {
                None => kept.push((challenge.bare.clone(), value.clone())),
                Some((bare, known)) if known == bare => *known = value.clone(),
                Some(_) => {}
            }
        }
        kept.into_iter().map(|(_, value)| value).collect()
    }
}

impl Challenge {
    fn new(realm: &Realm, scheme: &Scheme) -> Option<Self> {
        let name = scheme.token()?;
        let with = |error: Option<&str>| {
            let mut text = format!(r#"{name} realm="{}""#, realm.as_str());
            let error = error.map(|error| format!(r#"error="{error}""#));
            for parameter in error.iter().chain(&scheme.parameters) {
                text += ", ";
                text += parameter;
            }
            // A realm and a scheme hold nothing that a header value may not.
            HeaderValue::try_from(text).ok()
        };
        Some(Self {
            bare: with(None)?,
            invalid_request: with(Some("invalid_request"))?,
            invalid_token: with(Some("invalid_token"))?,
            insufficient_scope: with(Some("insufficient_scope"))?,
            invalid_proof: with(Some("invalid_dpop_proof"))?,
            use_nonce: with(Some("use_dpop_nonce"))?,
        })
    }

    /// RFC 6750 §3.1: who sent no credential is told no error.
    fn of(&self, reason: Reason) -> &HeaderValue {
        match reason {
            Reason::CredentialMissing | Reason::SchemeNotSupported => &self.bare,
            Reason::CredentialMalformed | Reason::SeveralCredentials => &self.invalid_request,
            Reason::ScopeMissing => &self.insufficient_scope,
            Reason::ProofNonce => &self.use_nonce,
            reason if reason.is_of_proof() => &self.invalid_proof,
            _ => &self.invalid_token,
        }
    }
}
