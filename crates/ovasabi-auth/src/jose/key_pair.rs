//! Private keys, whoever signs with them.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};
use base64::Engine;

use super::{Algorithm, BASE64URL, KeyError, VerifyingKey, pem};

const PRIVATE_KEY: &str = "PRIVATE KEY";

/// Both halves of a key, for ES256 or EdDSA. The library wipes the private one.
pub(crate) enum KeyPair {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl KeyPair {
    pub(crate) fn generate_p256() -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        pair.map(Self::P256).map_err(library)
    }

    pub(crate) fn generate_ed25519() -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::generate();
        pair.map(Self::Ed25519).map_err(library)
    }

    /// Of the only block `PRIVATE KEY` of a text.
    pub(crate) fn from_pem(text: &str) -> Result<Self, KeyError> {
        let decoded = pem::decode(text, PRIVATE_KEY);
        Self::from_pkcs8(&decoded.ok_or(KeyError::Pem {
            expected: PRIVATE_KEY,
        })?)
    }

    /// What [`from_pem`](Self::from_pem) reads, in version 1 of PKCS#8: what every other reader knows.
    pub(crate) fn to_pem(&self) -> Result<String, KeyError> {
        let document = match self {
            Self::P256(pair) => pair.to_pkcs8v1(),
            Self::Ed25519(pair) => pair.to_pkcs8v1(),
        };
        let document = document.map_err(library)?;
        Ok(pem::encode(document.as_ref(), PRIVATE_KEY))
    }

    pub(crate) fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der) {
            return Ok(Self::P256(pair));
        }
        let pair = Ed25519KeyPair::from_pkcs8(der);
        pair.map(Self::Ed25519).map_err(|_| KeyError::Rejected {
            expected: "PKCS#8 of a P-256 or Ed25519 key",
        })
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::P256(_) => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    pub(crate) fn verifying_key(&self) -> Result<VerifyingKey, KeyError> {
        match self {
            Self::P256(pair) => {
                let der = pair.public_key().as_der().map_err(library)?;
                VerifyingKey::from_der(der.as_ref())
            }
            Self::Ed25519(pair) => {
                let bytes = pair.public_key().as_ref().try_into();
                VerifyingKey::ed25519(bytes.map_err(|_| KeyError::Library)?)
            }
        }
    }

    /// Signs the first two parts of a JWS, and puts the third one behind them.
    pub(crate) fn seal(&self, mut signed: String) -> Result<String, KeyError> {
        let signature = match self {
            Self::P256(pair) => pair.sign(&SystemRandom::new(), signed.as_bytes()),
            Self::Ed25519(pair) => pair.try_sign(signed.as_bytes()),
        };
        let signature = signature.map_err(library)?;
        signed.push('.');
        BASE64URL.encode_string(signature, &mut signed);
        Ok(signed)
    }
}

fn library(_: Unspecified) -> KeyError {
    KeyError::Library
}
