//! Keys that prove: RFC 9449 §4.2.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use base64::Engine;
use http::{Method, Uri};
use ovasabi_core::time::WallClock;

use super::NewProof;
use crate::jose::proof::TYP;
use crate::jose::{Algorithm, BASE64URL, KeyError, Thumbprint, VerifyingKey, pem};

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
    pair: Pair,
    public: VerifyingKey,
    /// The header of every proof, encoded, with its point.
    header: String,
}

enum Pair {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl ProofKey {
    /// A new random key for ES256, which every server knows.
    ///
    /// # Errors
    /// [`KeyError::Library`] when the machine has no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        Self::new(Pair::P256(pair.map_err(|_| KeyError::Library)?))
    }

    /// A new random key for EdDSA on Ed25519: proofs are made and checked faster, by servers that know it.
    ///
    /// # Errors
    /// [`KeyError::Library`] when the machine has no randomness.
    pub fn generate_ed25519() -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::generate();
        Self::new(Pair::Ed25519(pair.map_err(|_| KeyError::Library)?))
    }

    /// The key of a PEM file (`PRIVATE KEY`, PKCS#8, not encrypted): P-256 or Ed25519, as `openssl genpkey` writes it.
    ///
    /// # Errors
    /// [`KeyError::Pem`] or [`KeyError::Rejected`] when the text is no such file.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        const KIND: &str = "PRIVATE KEY";
        Self::from_pkcs8(&pem::decode(text, KIND).ok_or(KeyError::Pem { expected: KIND })?)
    }

    /// The key of a PKCS#8 document: P-256 or Ed25519.
    ///
    /// # Errors
    /// [`KeyError::Rejected`] when the bytes are no such document, or its halves do not fit.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let p256 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der);
        let pair = match (p256, Ed25519KeyPair::from_pkcs8(der)) {
            (Ok(pair), _) => Pair::P256(pair),
            (_, Ok(pair)) => Pair::Ed25519(pair),
            _ => {
                return Err(KeyError::Rejected {
                    expected: "PKCS#8 of a P-256 or Ed25519 key",
                });
            }
        };
        Self::new(pair)
    }

    fn new(pair: Pair) -> Result<Self, KeyError> {
        let (algorithm, public) = match &pair {
            Pair::P256(pair) => {
                let der = pair.public_key().as_der().map_err(|_| KeyError::Library)?;
                (Algorithm::Es256, VerifyingKey::from_der(der.as_ref())?)
            }
            Pair::Ed25519(pair) => {
                let bytes = pair.public_key().as_ref().try_into();
                let public = VerifyingKey::ed25519(bytes.map_err(|_| KeyError::Library)?)?;
                (Algorithm::EdDsa, public)
            }
        };
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
        let signature = match &self.key.pair {
            Pair::P256(pair) => pair.sign(&SystemRandom::new(), proof.as_bytes()),
            Pair::Ed25519(pair) => pair.try_sign(proof.as_bytes()),
        };
        let signature = signature.map_err(|_| KeyError::Library)?;
        proof.push('.');
        BASE64URL.encode_string(signature, &mut proof);
        Ok(proof)
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
