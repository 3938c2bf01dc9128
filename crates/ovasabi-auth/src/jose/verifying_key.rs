//! Keys that verifiers trust.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, ParsedPublicKey};
use base64::Engine;

use super::{BASE64URL, KeyError, pem};

/// The public half of a [`SigningKey`](super::SigningKey): what verifiers trust. Not a secret.
#[derive(Clone)]
pub struct VerifyingKey {
    key: Arc<ParsedPublicKey>,
    bytes: [u8; 32],
    id: Arc<str>,
}

impl VerifyingKey {
    /// The key of its 32 bytes (RFC 8032 §5.1.2).
    ///
    /// # Errors
    /// [`KeyError::Rejected`] when the library does not take them.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let rejected = |_| KeyError::Rejected {
            expected: "32 bytes",
        };
        let key = ParsedPublicKey::new(&ED25519, bytes.as_slice()).map_err(rejected)?;
        Ok(Self {
            key: Arc::new(key),
            bytes: *bytes,
            id: thumbprint(bytes).into(),
        })
    }

    /// The key of the member `x` of a JWK (RFC 8037 §2): its bytes in base64url.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] when the text is not strict base64url of 32 bytes.
    pub fn from_base64url(text: &str) -> Result<Self, KeyError> {
        let rejected = KeyError::Rejected {
            expected: "base64url of 32 bytes",
        };
        let bytes = BASE64URL.decode(text).map_err(|_| rejected)?;
        Self::from_bytes(&<[u8; 32]>::try_from(bytes).map_err(|_| rejected)?)
    }

    /// The key of a PEM file (`PUBLIC KEY`), as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    /// [`KeyError::Pem`] or [`KeyError::Rejected`] when the text is no such file.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        const KIND: &str = "PUBLIC KEY";
        let der = pem::decode(text, KIND).ok_or(KeyError::Pem { expected: KIND })?;
        let rejected = KeyError::Rejected {
            expected: "SubjectPublicKeyInfo",
        };
        let key = der
            .strip_prefix(SPKI_PREFIX)
            .and_then(|key| <[u8; 32]>::try_from(key).ok());
        Self::from_bytes(&key.ok_or(rejected)?)
    }

    /// Sets the id that a token must carry as `kid`. Default: the thumbprint of the key.
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

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Its bytes in base64url: the member `x` of a JWK.
    #[must_use]
    pub fn to_base64url(&self) -> String {
        BASE64URL.encode(self.bytes)
    }

    pub(super) fn holds(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

/// The same bytes under the same id.
impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes && self.id == other.id
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

/// What stands before the 32 bytes in the DER of every Ed25519 public key (RFC 8410 §4).
const SPKI_PREFIX: &[u8] = &[
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// RFC 7638 §3: the hash of the required members in lexicographic order.
fn thumbprint(bytes: &[u8; 32]) -> String {
    let members = format!(
        r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
        BASE64URL.encode(bytes)
    );
    BASE64URL.encode(digest(&SHA256, members.as_bytes()))
}
