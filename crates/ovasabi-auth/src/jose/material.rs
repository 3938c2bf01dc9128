//! What a key is made of.

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents};
use base64::Engine;

use super::{Algorithm, BASE64URL, KeyError, Thumbprint, roca};

/// A public key, or a shared secret, whose form has been checked.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Material {
    Ed25519([u8; 32]),
    /// The uncompressed point: `04`, x and y.
    P256([u8; 65]),
    P384(Box<[u8; 97]>),
    Rsa {
        n: Box<[u8]>,
        e: Box<[u8]>,
    },
    Secret(Box<[u8]>),
}

/// What checks a signature by one algorithm.
pub(super) enum Checker {
    Public(ParsedPublicKey),
    Secret(Box<hmac::Key>),
}

/// RFC 7518 §3.3 and §3.5 ask for 2048 bits; more than 8192 are a way to make verifiers work.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

impl Material {
    /// An RSA key of big-endian numbers.
    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let (n, e) = (number(n), number(e));
        let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
        if !RSA_BITS.contains(&bits) {
            return Err(KeyError::Rejected {
                expected: "an RSA modulus of 2048 to 8192 bits",
            });
        }
        // Odd and above 1, and not so large that verifying is as slow as signing.
        let is_odd = e.last().is_some_and(|last| last % 2 == 1);
        if !is_odd || e == [1] || e.len() > 4 {
            return Err(KeyError::Rejected {
                expected: "an odd RSA exponent from 3 to 2^32",
            });
        }
        Ok(Self::Rsa {
            n: n.into(),
            e: e.into(),
        })
    }

    /// The algorithms that a key of this kind may be for.
    pub(super) fn algorithms(&self) -> &'static [Algorithm] {
        match self {
            Self::Ed25519(_) => &[Algorithm::EdDsa],
            Self::P256(_) => &[Algorithm::Es256],
            Self::P384(_) => &[Algorithm::Es384],
            Self::Rsa { .. } => Algorithm::RSA,
            // A secret shorter than the hash is guessed before the hash is broken (RFC 7518 §3.2).
            Self::Secret(secret) => match secret.len() {
                0..32 => &[],
                32..48 => &[Algorithm::Hs256],
                48..64 => &[Algorithm::Hs256, Algorithm::Hs384],
                64.. => Algorithm::HMAC,
            },
        }
    }

    /// Parses the key for one of its algorithms: once, not for each token. What takes long is looked at here, so that
    /// nobody else's key costs it.
    pub(super) fn checker(&self, algorithm: Algorithm) -> Result<Checker, KeyError> {
        let rejected = |_| KeyError::Rejected {
            expected: "a valid public key",
        };
        match self {
            Self::Ed25519(bytes) => ParsedPublicKey::new(&signature::ED25519, bytes),
            Self::P256(point) => ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point),
            Self::P384(point) => {
                ParsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point.as_slice())
            }
            Self::Rsa { n, .. } if roca::has_mark(n) => {
                return Err(KeyError::Rejected {
                    expected: "an RSA key of a generator that can be trusted: this modulus has the mark of ROCA",
                });
            }
            Self::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.to_parsed_public_key(rsa_parameters(algorithm))
            }
            Self::Secret(secret) => {
                let hash = match algorithm {
                    Algorithm::Hs384 => hmac::HMAC_SHA384,
                    Algorithm::Hs512 => hmac::HMAC_SHA512,
                    _ => hmac::HMAC_SHA256,
                };
                return Ok(Checker::Secret(Box::new(hmac::Key::new(hash, secret))));
            }
        }
        .map(Checker::Public)
        .map_err(rejected)
    }

    /// The members of a JWK that make the key, in lexicographic order; of a secret its kind alone.
    pub(super) fn members(&self) -> String {
        let text = |bytes: &[u8]| BASE64URL.encode(bytes);
        let ec = |curve: &str, point: &[u8]| {
            let point = point.get(1..).unwrap_or_default();
            let (x, y) = point.split_at(point.len() / 2);
            format!(
                r#""crv":"{curve}","kty":"EC","x":"{}","y":"{}""#,
                text(x),
                text(y)
            )
        };
        match self {
            Self::Ed25519(x) => format!(r#""crv":"Ed25519","kty":"OKP","x":"{}""#, text(x)),
            Self::P256(point) => ec("P-256", point),
            Self::P384(point) => ec("P-384", point.as_slice()),
            Self::Rsa { n, e } => format!(r#""e":"{}","kty":"RSA","n":"{}""#, text(e), text(n)),
            Self::Secret(_) => r#""kty":"oct""#.to_owned(),
        }
    }

    /// RFC 7638 §3. Of a secret it is the hash of its JWK too, which nobody can turn back.
    pub(super) fn thumbprint(&self) -> Thumbprint {
        Thumbprint::of_members(&match self {
            Self::Secret(secret) => format!(r#""k":"{}","kty":"oct""#, BASE64URL.encode(secret)),
            _ => self.members(),
        })
    }
}

fn rsa_parameters(algorithm: Algorithm) -> &'static RsaParameters {
    match algorithm {
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => &signature::RSA_PKCS1_2048_8192_SHA256,
    }
}

/// Some issuers write a number with the zero that its signed form begins with.
fn number(bytes: &[u8]) -> &[u8] {
    match bytes {
        [0, rest @ ..] => rest,
        _ => bytes,
    }
}

impl Checker {
    #[inline]
    pub(super) fn holds(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Public(key) => key.verify_sig(message, signature).is_ok(),
            Self::Secret(key) => hmac::verify(key, message, signature).is_ok(),
        }
    }
}

impl fmt::Debug for Checker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checker")
    }
}
