//! Keys that sign.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;

use super::key_pair::KeyPair;
use super::{Algorithm, BASE64URL, VerifyingKey};

/// A private key that signs tokens: Ed25519 for EdDSA, or P-256 for ES256. Clones are the same key; `Debug` shows its
/// id alone.
///
/// EdDSA is the faster one to check, and its signatures need no randomness; ES256 is for readers that know nothing else.
///
/// Its id is the thumbprint of the public half (RFC 7638, RFC 8037 appendix A.3) unless
/// [`with_id`](Self::with_id) sets another: two processes that read the same file agree on it.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<KeyPair>,
    public: VerifyingKey,
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text holds no single PEM block of this kind.
    #[error("expected one PEM block `{expected}`")]
    Pem {
        /// The label of the block that was looked for.
        expected: &'static str,
    },
    /// The bytes are not such a key.
    #[error("not a key as expected: {expected}")]
    Rejected {
        /// The form that was expected.
        expected: &'static str,
    },
    /// The machine gave no randomness, or the signature could not be made.
    #[error("the cryptographic library failed")]
    Library,
}

impl SigningKey {
    /// A new random Ed25519 key.
    ///
    /// It lives as long as the process, and tokens of an earlier start are refused, unless it is kept
    /// ([`to_pem`](Self::to_pem)). For a key that somebody else makes, read a file of
    /// `openssl genpkey -algorithm ed25519` with [`from_pem`](Self::from_pem).
    ///
    /// # Errors
    /// [`KeyError::Library`] when the machine has no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        KeyPair::generate_ed25519().and_then(Self::from_pair)
    }

    /// A new random P-256 key, whose tokens are signed with ES256. As of [`generate`](Self::generate), they end with the
    /// process; a file comes from `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`.
    ///
    /// # Errors
    /// [`KeyError::Library`] when the machine has no randomness.
    pub fn generate_es256() -> Result<Self, KeyError> {
        KeyPair::generate_p256().and_then(Self::from_pair)
    }

    /// The key of a PEM file (`PRIVATE KEY`, PKCS#8, not encrypted): P-256 or Ed25519, as `openssl genpkey` writes it.
    ///
    /// # Errors
    /// [`KeyError::Pem`] or [`KeyError::Rejected`] when the text is no such file.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        KeyPair::from_pem(text).and_then(Self::from_pair)
    }

    /// The key of a PKCS#8 document: P-256 (RFC 5915), or Ed25519 in version 1 or 2 (RFC 8410 §7).
    ///
    /// # Errors
    /// [`KeyError::Rejected`] when the bytes are no such document, or its halves do not fit.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        KeyPair::from_pkcs8(der).and_then(Self::from_pair)
    }

    /// The Ed25519 key of a seed: the 32 random bytes that are the private key of RFC 8032 §5.1.5.
    ///
    /// # Errors
    /// [`KeyError::Library`] when the library fails; every seed is a key.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_seed_unchecked(seed)
            .map_err(|_| KeyError::Library)
            .and_then(|pair| Self::from_pair(KeyPair::Ed25519(pair)))
    }

    /// The key as a PEM file (`PRIVATE KEY`, PKCS#8 version 1, not encrypted), which [`from_pem`](Self::from_pem) and
    /// `openssl pkey` read: for a service that makes and rotates its own keys, and keeps them. A secret; an id that was
    /// set is not in it.
    ///
    /// # Errors
    /// [`KeyError::Library`] when the library fails.
    ///
    /// # Examples
    /// ```
    /// use ovasabi_auth::jose::SigningKey;
    ///
    /// let key = SigningKey::generate()?;
    /// let kept = key.to_pem()?; // a row or a file that nobody else reads
    /// assert_eq!(SigningKey::from_pem(&kept)?.id(), key.id());
    /// # Ok::<(), ovasabi_auth::jose::KeyError>(())
    /// ```
    pub fn to_pem(&self) -> Result<String, KeyError> {
        self.pair.to_pem()
    }

    /// Sets the id that tokens carry as `kid`. Default: the thumbprint of the key.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.public = self.public.with_id(id);
        self
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.public.id()
    }

    /// How it signs: [`Algorithm::EdDsa`] or [`Algorithm::Es256`].
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.pair.algorithm()
    }

    /// The public half, with the same id.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.public.clone()
    }

    /// Signs any payload as a compact JWS (RFC 7515 §7.1) with the headers `alg`, `typ` and `kid`.
    ///
    /// Access tokens come from [`AccessTokenSigner`](crate::token::AccessTokenSigner), which writes their
    /// claims too.
    ///
    /// # Errors
    /// [`KeyError::Library`] when the library fails.
    pub fn sign_compact(&self, typ: &str, payload: &[u8]) -> Result<String, KeyError> {
        let (typ, id) = (quoted(typ), quoted(self.id()));
        let header = format!(r#"{{"alg":"{}","typ":{typ},"kid":{id}}}"#, self.algorithm());
        let mut token = BASE64URL.encode(header);
        token.push('.');
        BASE64URL.encode_string(payload, &mut token);
        self.pair.seal(token)
    }

    fn from_pair(pair: KeyPair) -> Result<Self, KeyError> {
        Ok(Self {
            public: pair.verifying_key()?,
            pair: Arc::new(pair),
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

/// A JSON string. Text always serialises.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
