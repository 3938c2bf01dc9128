//! Keys that prove: RFC 9449 §4.2.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use base64::Engine;
use http::{HeaderValue, Method, Uri};
use ovasabi_core::time::WallClock;
use serde::Serialize;

use crate::jose::proof::TYP;
use crate::jose::{Algorithm, BASE64URL, KeyError, Thumbprint, VerifyingKey, pem};
use crate::token::random_id;

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

/// Why there is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The target of the request has no scheme or no host: nobody knows where it goes.
    #[error("the target is no absolute URL")]
    NotAbsolute,
    /// The library failed.
    #[error(transparent)]
    Key(#[from] KeyError),
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
        NewProof {
            key: self,
            method,
            uri,
            token: None,
            nonce: None,
        }
    }

    fn sign(&self, claims: &Claims<'_>) -> Result<String, KeyError> {
        let mut proof = self.key.header.clone();
        // Text and numbers always serialise.
        let claims = serde_json::to_vec(claims).unwrap_or_default();
        BASE64URL.encode_string(claims, &mut proof);
        let library = |_| KeyError::Library;
        let signature = match &self.key.pair {
            Pair::P256(pair) => pair.sign(&SystemRandom::new(), proof.as_bytes()),
            Pair::Ed25519(pair) => pair.try_sign(proof.as_bytes()),
        };
        let signature = signature.map_err(library)?;
        proof.push('.');
        BASE64URL.encode_string(signature, &mut proof);
        Ok(proof)
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

/// A proof that is being made: for one request, once.
#[must_use = "a proof is nothing until it is signed"]
pub struct NewProof<'a> {
    key: &'a ProofKey,
    method: &'a Method,
    uri: &'a Uri,
    token: Option<&'a str>,
    nonce: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    jti: String,
    htm: &'a str,
    htu: String,
    iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

impl<'a> NewProof<'a> {
    /// The access token that goes with it. Default: none, as for a token endpoint.
    pub fn token(self, token: &'a str) -> Self {
        Self {
            token: Some(token),
            ..self
        }
    }

    /// The nonce that the server has asked for. Default: none.
    pub fn nonce(self, nonce: &'a str) -> Self {
        Self {
            nonce: Some(nonce),
            ..self
        }
    }

    /// Signs it: the value of the `DPoP` header, with a random `jti` of 128 bits and the date of now.
    ///
    /// # Errors
    /// [`ProofError::NotAbsolute`], or [`ProofError::Key`] when the library fails.
    pub fn sign(self) -> Result<HeaderValue, ProofError> {
        let (Some(scheme), Some(authority)) = (self.uri.scheme(), self.uri.authority()) else {
            return Err(ProofError::NotAbsolute);
        };
        // A user name is no part of where a request goes.
        let authority = authority.as_str();
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let hash = |token: &str| BASE64URL.encode(digest(&SHA256, token.as_bytes()));
        let proof = self.key.sign(&Claims {
            jti: random_id()?,
            htm: self.method.as_str(),
            htu: format!("{scheme}://{authority}{}", self.uri.path()),
            iat: self.key.clock.since_epoch().as_secs(),
            ath: self.token.map(hash),
            nonce: self.nonce,
        })?;
        let mut value = HeaderValue::try_from(proof).map_err(|_| KeyError::Library)?;
        // No secret, but new each time: neither a log nor the header table of HTTP/2 is better for it.
        value.set_sensitive(true);
        Ok(value)
    }
}

/// For what it is; the token is a secret.
impl fmt::Debug for NewProof<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewProof")
            .field("key", &self.key)
            .field("method", &self.method)
            .field("uri", &self.uri)
            .finish_non_exhaustive()
    }
}
