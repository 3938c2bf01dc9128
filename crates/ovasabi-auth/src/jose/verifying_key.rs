//! Keys that verifiers trust.

use std::fmt;
use std::sync::Arc;

use base64::Engine;

use super::material::{Checker, Material};
use super::{Algorithm, BASE64URL, KeyError, Thumbprint, pem, spki};

/// A key that a verifier trusts, parsed once, and bound to the algorithms that it is for.
///
/// Public keys are no secrets; a [shared secret](Self::hmac) is one, and is never shown either. Clones share one key.
#[derive(Clone)]
pub struct VerifyingKey {
    key: Arc<Key>,
    id: Arc<str>,
}

struct Key {
    material: Material,
    thumbprint: Thumbprint,
    checkers: Box<[(Algorithm, Checker)]>,
}

impl VerifyingKey {
    /// The Ed25519 key of its 32 bytes (RFC 8032 §5.1.2).
    ///
    /// # Errors
    /// [`KeyError::Rejected`] when the library does not take them.
    pub fn ed25519(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        Self::new(Material::Ed25519(*bytes), None)
    }

    /// The Ed25519 key of the member `x` of a JWK (RFC 8037 §2): its bytes in base64url.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] when the text is not strict base64url of 32 bytes.
    pub fn from_base64url(text: &str) -> Result<Self, KeyError> {
        let rejected = KeyError::Rejected {
            expected: "base64url of 32 bytes",
        };
        let bytes = BASE64URL.decode(text).map_err(|_| rejected)?;
        Self::ed25519(&<[u8; 32]>::try_from(bytes).map_err(|_| rejected)?)
    }

    /// The key of a PEM file (`PUBLIC KEY`), as `openssl pkey -pubout` writes it: Ed25519, P-256, P-384, or RSA of
    /// 2048 to 8192 bits.
    ///
    /// # Errors
    /// [`KeyError::Pem`] or [`KeyError::Rejected`] when the text is no such file.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        const KIND: &str = "PUBLIC KEY";
        Self::from_der(&pem::decode(text, KIND).ok_or(KeyError::Pem { expected: KIND })?)
    }

    /// The key of what is in such a file: `SubjectPublicKeyInfo` (RFC 5280 §4.1).
    ///
    /// # Errors
    /// [`KeyError::Rejected`] when the bytes are no such key.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        Self::new(spki::parse(der)?, None)
    }

    /// A secret that is shared with the issuer. Whoever has it can sign: prefer any of the other keys.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] when the algorithm is no HMAC, or the secret is shorter than its hash: 32, 48 or 64
    /// bytes (RFC 7518 §3.2).
    pub fn hmac(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        Self::new(Material::Secret(secret.into()), Some(algorithm))
    }

    /// The same key for this algorithm alone: an RSA key is for six, unless somebody says which.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] when it cannot be for that one.
    pub fn only_for(self, algorithm: Algorithm) -> Result<Self, KeyError> {
        let only = Self::new(self.key.material.clone(), Some(algorithm))?;
        Ok(Self {
            id: self.id,
            ..only
        })
    }

    pub(super) fn new(material: Material, only: Option<Algorithm>) -> Result<Self, KeyError> {
        let fits = |known: &&Algorithm| only.is_none_or(|only| only == **known);
        let checkers: Box<[_]> = material
            .algorithms()
            .iter()
            .filter(fits)
            .map(|&known| Ok((known, material.checker(known)?)))
            .collect::<Result<_, KeyError>>()?;
        if checkers.is_empty() {
            return Err(KeyError::Rejected {
                expected: "a key that is long enough and of the kind that its algorithm uses",
            });
        }
        let thumbprint = material.thumbprint();
        Ok(Self {
            id: thumbprint.to_string().into(),
            key: Arc::new(Key {
                material,
                thumbprint,
                checkers,
            }),
        })
    }

    /// Sets the id that a token must carry as `kid`. Default: the thumbprint of the key (RFC 7638).
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.id = id.into();
        self
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Which key it is, whatever its id says (RFC 7638). Of a shared secret it is a hash that nobody can turn back.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        self.key.thumbprint
    }

    /// The algorithms that it is for.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.key.checkers.iter().map(|&(algorithm, _)| algorithm)
    }

    /// Whether it is for this algorithm.
    #[must_use]
    pub fn is_for(&self, algorithm: Algorithm) -> bool {
        self.checker(algorithm).is_some()
    }

    /// Whether it is a shared secret.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self.key.material, Material::Secret(_))
    }

    /// The key as a JWK (RFC 7517), to be published; of a shared secret its kind and id alone.
    #[must_use]
    pub fn to_jwk(&self) -> String {
        let id = serde_json::to_string(&*self.id).unwrap_or_default();
        let algorithm = match &*self.key.checkers {
            [(only, _)] => format!(r#""alg":"{only}","#),
            _ => String::new(),
        };
        let members = self.key.material.members();
        format!(r#"{{{algorithm}{members},"kid":{id},"use":"sig"}}"#)
    }

    /// The key as a JWK of nothing but the key.
    #[cfg(feature = "dpop")]
    pub(crate) fn bare_jwk(&self) -> String {
        format!("{{{}}}", self.key.material.members())
    }

    #[inline]
    pub(super) fn holds(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.checker(algorithm)
            .is_some_and(|checker| checker.holds(message, signature))
    }

    fn checker(&self, algorithm: Algorithm) -> Option<&Checker> {
        let mut checkers = self.key.checkers.iter();
        checkers
            .find(|(known, _)| *known == algorithm)
            .map(|(_, checker)| checker)
    }
}

/// The same key under the same id for the same algorithms.
impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.key.material == other.key.material
            && self.id == other.id
            && self.algorithms().eq(other.algorithms())
    }
}

impl Eq for VerifyingKey {}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}
