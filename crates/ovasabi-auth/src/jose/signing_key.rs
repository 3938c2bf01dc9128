//! Keys that sign.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;

use super::{BASE64URL, VerifyingKey, pem};

/// A private Ed25519 key that signs tokens. Clones are the same key; `Debug` shows its id alone.
///
/// Its id is the thumbprint of the public half (RFC 7638, RFC 8037 appendix A.3) unless
/// [`with_id`](Self::with_id) sets another: two processes that read the same file agree on it.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Ed25519KeyPair>,
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
    /// A new random key.
    ///
    /// It lives as long as the process: tokens of an earlier start are refused. For a key that lasts, make a
    /// file with `openssl genpkey -algorithm ed25519` and read it with [`from_pem`](Self::from_pem).
    ///
    /// # Errors
    /// [`KeyError::Library`] when the machine has no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        Ed25519KeyPair::generate()
            .map_err(|_| KeyError::Library)
            .and_then(Self::from_pair)
    }

    /// The key of a PEM file (`PRIVATE KEY`, PKCS#8, not encrypted).
    ///
    /// # Errors
    /// [`KeyError::Pem`] or [`KeyError::Rejected`] when the text is no such file.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        const KIND: &str = "PRIVATE KEY";
        let der = pem::decode(text, KIND).ok_or(KeyError::Pem { expected: KIND })?;
        Self::from_pkcs8(&der)
    }

    /// The key of a PKCS#8 document, version 1 or 2 (RFC 8410 §7).
    ///
    /// # Errors
    /// [`KeyError::Rejected`] when the bytes are no such document, or its halves do not fit.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let rejected = |_| KeyError::Rejected { expected: "PKCS#8" };
        Ed25519KeyPair::from_pkcs8(der)
            .map_err(rejected)
            .and_then(Self::from_pair)
    }

    /// The key of a seed: the 32 random bytes that are the private key of RFC 8032 §5.1.5.
    ///
    /// # Errors
    /// [`KeyError::Library`] when the library fails; every seed is a key.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_seed_unchecked(seed)
            .map_err(|_| KeyError::Library)
            .and_then(Self::from_pair)
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
        let header = format!(r#"{{"alg":"EdDSA","typ":{typ},"kid":{id}}}"#);
        let mut token = BASE64URL.encode(header);
        token.push('.');
        BASE64URL.encode_string(payload, &mut token);
        let signature = self
            .pair
            .try_sign(token.as_bytes())
            .map_err(|_| KeyError::Library)?;
        token.push('.');
        BASE64URL.encode_string(signature, &mut token);
        Ok(token)
    }

    fn from_pair(pair: Ed25519KeyPair) -> Result<Self, KeyError> {
        let bytes =
            <[u8; 32]>::try_from(pair.public_key().as_ref()).map_err(|_| KeyError::Library)?;
        Ok(Self {
            pair: Arc::new(pair),
            public: VerifyingKey::ed25519(&bytes)?,
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
