//! Keys that sign whatever they are told.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair};
use aws_lc_rs::{hmac, rand};
use base64::Engine;

use crate::jose::{Algorithm, BASE64URL, KeyError, VerifyingKey};

/// A key of any kind for tests. Clones are the same key.
#[derive(Clone)]
pub struct TestKey {
    pair: Arc<Pair>,
    algorithm: Algorithm,
    public: VerifyingKey,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Secret(Box<hmac::Key>),
}

impl TestKey {
    /// A new random key for this algorithm. RSA keys have 2048 bits and take some 100 ms.
    ///
    /// # Errors
    /// [`KeyError::Library`] when the machine has no randomness.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let (pair, public) = match algorithm {
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::generate().map_err(library)?;
                let bytes = pair.public_key().as_ref().try_into();
                let public = VerifyingKey::ed25519(bytes.map_err(|_| KeyError::Library)?)?;
                (Pair::Ed25519(pair), public)
            }
            Algorithm::Es256 | Algorithm::Es384 => {
                let kind = if algorithm == Algorithm::Es256 {
                    &signature::ECDSA_P256_SHA256_FIXED_SIGNING
                } else {
                    &signature::ECDSA_P384_SHA384_FIXED_SIGNING
                };
                let pair = EcdsaKeyPair::generate(kind).map_err(library)?;
                let der = pair.public_key().as_der().map_err(library)?;
                (Pair::Ec(pair), VerifyingKey::from_der(der.as_ref())?)
            }
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                let mut secret = [0; 64];
                rand::fill(&mut secret).map_err(library)?;
                return Self::of_secret(algorithm, &secret);
            }
            _ => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(library)?;
                let der = pair.public_key().as_der().map_err(library)?;
                let public = VerifyingKey::from_der(der.as_ref())?;
                (Pair::Rsa(pair), public)
            }
        };
        Ok(Self {
            pair: Arc::new(pair),
            algorithm,
            public: public.only_for(algorithm)?,
        })
    }

    /// The key of a shared secret.
    ///
    /// # Errors
    /// As [`VerifyingKey::hmac`].
    pub fn of_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let public = VerifyingKey::hmac(algorithm, secret)?;
        let hash = match algorithm {
            Algorithm::Hs384 => hmac::HMAC_SHA384,
            Algorithm::Hs512 => hmac::HMAC_SHA512,
            _ => hmac::HMAC_SHA256,
        };
        Ok(Self {
            pair: Arc::new(Pair::Secret(Box::new(hmac::Key::new(hash, secret)))),
            algorithm,
            public,
        })
    }

    /// Sets the id that tokens carry as `kid`.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Arc<str>>) -> Self {
        self.public = self.public.with_id(id);
        self
    }

    /// What verifiers trust.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.public.clone()
    }

    /// A token with the usual header (`alg`, `typ` of an access token, `kid`) and these bytes as claims.
    #[must_use]
    pub fn mint(&self, claims: impl AsRef<[u8]>) -> String {
        let id = serde_json::to_string(self.public.id()).unwrap_or_default();
        let header = format!(
            r#"{{"alg":"{}","typ":"at+jwt","kid":{id}}}"#,
            self.algorithm
        );
        self.mint_with(header, claims)
    }

    /// A token with these bytes as header and claims, whatever they are.
    #[must_use]
    pub fn mint_with(&self, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        let signed = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(claims));
        self.seal(&signed)
    }

    /// Puts a signature under any text.
    #[must_use]
    pub fn seal(&self, signed: &str) -> String {
        let signature = self.sign(signed.as_bytes()).unwrap_or_default();
        format!("{signed}.{}", BASE64URL.encode(signature))
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        Ok(match &*self.pair {
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Ec(pair) => pair
                .sign(&random, message)
                .map_err(library)?
                .as_ref()
                .to_vec(),
            Pair::Secret(key) => hmac::sign(key, message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let padding: &'static dyn RsaEncoding = match self.algorithm {
                    Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
                    Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
                    Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
                    Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
                    Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature)
                    .map_err(library)?;
                signature
            }
        })
    }
}

fn library(_: aws_lc_rs::error::Unspecified) -> KeyError {
    KeyError::Library
}

impl fmt::Debug for TestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestKey")
            .field("algorithm", &self.algorithm)
            .field("id", &self.public.id())
            .finish_non_exhaustive()
    }
}
