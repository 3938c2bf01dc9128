//! Sets of keys, RFC 7517 §5.

use super::json::Object;
use super::jwk::{self, JwkError, Secrets};
use super::known::KnownHeaders;
use super::{Algorithm, Reason, VerifyingKey};

/// The keys of an issuer that can be trusted.
///
/// A key that is not understood, or not to be trusted, is [left out](Self::skipped) and does no harm to the others:
/// issuers publish keys for algorithms that are newer than this crate.
///
/// ```
/// use ovasabi_auth::jose::JwkSet;
///
/// let set = JwkSet::parse(br#"{"keys":[
///     {"kty":"OKP","crv":"Ed25519","kid":"2026-11","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
///     {"kty":"AKP","alg":"ML-DSA-65","kid":"2027","pub":"..."}
/// ]}"#)?;
/// assert_eq!((set.keys().len(), set.skipped().len()), (1, 1));
/// # Ok::<(), ovasabi_auth::jose::JwkSetError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct JwkSet {
    keys: Vec<VerifyingKey>,
    skipped: Vec<(usize, JwkError)>,
    pub(super) known: KnownHeaders,
}

/// Why there is no set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkSetError {
    /// It is longer than [`JwkSet::MAX_BYTES`].
    #[error("it has {length} bytes, at most {max} are read", max = JwkSet::MAX_BYTES)]
    TooLong {
        /// How long it is.
        length: usize,
    },
    /// It is not JSON, or not one object whose members are unique.
    #[error("not a JSON object: {0}")]
    Json(Reason),
    /// `keys` is missing or not an array.
    #[error("`keys` is missing or not an array")]
    NoKeys,
    /// It has more keys than [`JwkSet::MAX_KEYS`].
    #[error("it has {count} keys, at most {max} are read", max = JwkSet::MAX_KEYS)]
    TooMany {
        /// How many.
        count: usize,
    },
    /// Shared secrets stand beside public keys: whoever published the ones has published the others.
    #[error("shared secrets stand beside public keys")]
    Mixed,
    /// Two shared secrets have one id.
    #[error("two shared secrets have the same `kid`")]
    Duplicate,
}

impl JwkSet {
    /// The longest set that is read, in bytes.
    pub const MAX_BYTES: usize = 256 * 1024;
    /// The most keys that are read.
    pub const MAX_KEYS: usize = 64;
    /// How many keys a token that fits several is tried with.
    pub(crate) const MAX_TRIES: usize = 4;

    /// The public keys of a set. Shared secrets are left out: a set is published.
    ///
    /// # Errors
    /// [`JwkSetError`] when there is no set to be read at all.
    pub fn parse(json: &[u8]) -> Result<Self, JwkSetError> {
        Self::read(json, Secrets::Refused)
    }

    /// The keys of a set that may be shared secrets, when all of them are: for a file of one's own.
    ///
    /// # Errors
    /// [`JwkSetError`].
    pub fn parse_with_secrets(json: &[u8]) -> Result<Self, JwkSetError> {
        let set = Self::read(json, Secrets::Allowed)?;
        let secrets = set.keys.iter().filter(|key| key.is_secret()).count();
        if secrets > 0 && secrets < set.keys.len() {
            return Err(JwkSetError::Mixed);
        }
        let mut ids: Vec<&str> = set.keys.iter().map(VerifyingKey::id).collect();
        ids.sort_unstable();
        ids.dedup();
        if secrets > 0 && ids.len() < secrets {
            return Err(JwkSetError::Duplicate);
        }
        Ok(set)
    }

    fn read(json: &[u8], secrets: Secrets) -> Result<Self, JwkSetError> {
        if json.len() > Self::MAX_BYTES {
            return Err(JwkSetError::TooLong { length: json.len() });
        }
        let set = Object::parse(json).map_err(JwkSetError::Json)?;
        let keys = set.get("keys").and_then(|keys| keys.as_elements());
        let keys = keys.ok_or(JwkSetError::NoKeys)?;
        if keys.len() > Self::MAX_KEYS {
            return Err(JwkSetError::TooMany { count: keys.len() });
        }
        let mut set = Self::default();
        for (index, key) in keys.into_iter().enumerate() {
            let object = Object::parse(key.text().as_bytes()).map_err(JwkError::Json);
            match object.and_then(|object| jwk::read(&object, secrets)) {
                Ok(key) => set.keys.push(key),
                Err(error) => set.skipped.push((index, error)),
            }
        }
        Ok(set)
    }

    /// The keys, in the order of the set.
    #[must_use]
    pub fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    /// The places of the keys that were left out, and why.
    #[must_use]
    pub fn skipped(&self) -> &[(usize, JwkError)] {
        &self.skipped
    }

    /// The set as JSON, to be published. Shared secrets are left out.
    #[must_use]
    pub fn to_json(&self) -> String {
        let public = self.keys.iter().filter(|key| !key.is_secret());
        let keys: Vec<String> = public.map(VerifyingKey::to_jwk).collect();
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }

    /// Whether there are keys for a token with this `kid`.
    pub(crate) fn has(&self, id: Option<&str>) -> bool {
        self.keys
            .iter()
            .any(|key| id.is_none_or(|id| key.id() == id))
    }

    /// The keys that a token with this header may have been signed with: all of its `kid`, or without one all that
    /// are for its algorithm.
    pub(crate) fn candidates<'a>(
        &'a self,
        id: Option<&'a str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &'a VerifyingKey> {
        self.keys
            .iter()
            .filter(move |key| id.is_none_or(|id| key.id() == id) && key.is_for(algorithm))
    }
}

impl FromIterator<VerifyingKey> for JwkSet {
    fn from_iter<I: IntoIterator<Item = VerifyingKey>>(keys: I) -> Self {
        Self {
            keys: keys.into_iter().collect(),
            ..Self::default()
        }
    }
}
