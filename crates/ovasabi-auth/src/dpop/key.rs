//! Keys that prove: RFC 9449 §4.2.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use http::{Method, Uri};
use ovasabi_core::time::WallClock;

use super::NewProof;
use crate::jose::proof::TYP;
use crate::jose::{BASE64URL, KeyError, KeyPair, Thumbprint, VerifyingKey};

/// A private key of a client, ES256 or EdDSA, that proves to be there with each request. Clones are the same key;
/// `Debug` shows its thumbprint alone.
///
/// Tokens that were asked for with it are good with it alone: a key of [`generate`](Self::generate) ends with the
/// process, and its tokens with it, which is what most services want.
#[derive(Clone)]
pub struct ProofKey {
    key: Arc<Key>,
    clock: WallClock,
}

struct Key {
    pair: KeyPair,
    public: VerifyingKey,
    /// The header of every proof, encoded, with its point.
    header: String,
}

impl ProofKey {
    /// A new random key for ES256, which every server knows.
    ///
    /// # Errors
    /// [`KeyError::Library`] when the machine has no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        KeyPair::generate_p256().and_then(Self::new)
    }

    /// A new random key for EdDSA on Ed25519: proofs are made and checked faster, by servers that know it.
    ///
    /// # Errors
    /// [`KeyError::Library`] when the machine has no randomness.
    pub fn generate_ed25519() -> Result<Self, KeyError> {
        KeyPair::generate_ed25519().and_then(Self::new)
    }

    /// The key of a PEM file (`PRIVATE KEY`, PKCS#8, not encrypted): P-256 or Ed25519, as `openssl genpkey` writes it.
    ///
    /// # Errors
    /// [`KeyError::Pem`] or [`KeyError::Rejected`] when the text is no such file.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        KeyPair::from_pem(text).and_then(Self::new)
    }

    /// The key of a PKCS#8 document: P-256 or Ed25519.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] when the bytes are no such document, or its halves do not fit.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        KeyPair::from_pkcs8(der).and_then(Self::new)
    }

    fn new(pair: KeyPair) -> Result<Self, KeyError> {
        let (algorithm, public) = (pair.algorithm(), pair.verifying_key()?);
        let jwk = public.bare_jwk();
        let header = format!(r#"{{"typ":"{TYP}","alg":"{algorithm}","jwk":{jwk}}}"#);
        let header = BASE64URL.encode(header) + ".";
        Ok(Self {
            key: Arc::new(Key {
                pair,
                public,
                header,
            }),
            clock: WallClock::system(),
        })
    }

    /// Sets the clock. Default: the machine's.
    #[must_use]
    pub fn with_clock(self, clock: WallClock) -> Self {
        Self { clock, ..self }
    }

    /// The public half.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.key.public.clone()
    }

    /// Which key it is: what a token says of the key that it is bound to.
    #[must_use]
    pub fn thumbprint(&self) -> Thumbprint {
        self.key.public.thumbprint()
    }

    /// Begins a proof for a request with this method to this absolute URL; its query is left out.
    pub fn proof<'a>(&'a self, method: &'a Method, uri: &'a Uri) -> NewProof<'a> {
        NewProof::new(self, method, uri)
    }

    /// The whole proof with these claims.
    pub(super) fn sign(&self, claims: &[u8]) -> Result<String, KeyError> {
        let mut proof = self.key.header.clone();
        BASE64URL.encode_string(claims, &mut proof);
        self.key.pair.seal(proof)
    }

    pub(super) fn now(&self) -> Duration {
        self.clock.since_epoch()
    }
}

/// The private half stays hidden.
impl fmt::Debug for ProofKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofKey")
            .field("thumbprint", &self.thumbprint())
            .finish_non_exhaustive()
    }
}
