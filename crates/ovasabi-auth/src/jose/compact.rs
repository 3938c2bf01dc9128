//! The compact form of a signed token.

use std::fmt;

use base64::Engine;

use super::header::Header;
use super::{Algorithm, BASE64URL, JwkSet, Reason, VerifyingKey};

/// The longest token that is looked at, in bytes: 16 KiB. Servers refuse longer headers anyway.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The longest signature: RSA of 8192 bits.
const MAX_SIGNATURE_BYTES: usize = 1024;

/// A compact JWS (RFC 7515 §3.1) whose header has been read and whose signature has not been checked.
///
/// There is no way to its payload but [`verify`](Self::verify) and [`verify_with`](Self::verify_with).
pub struct CompactJws<'a> {
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
    header: Header,
}

impl<'a> CompactJws<'a> {
    /// Splits the token and reads its header. No cryptography happens here.
    ///
    /// # Errors
    /// A [`Reason`] that names the first rule of the [module](super) that is broken.
    pub fn parse(token: &'a str) -> Result<Self, Reason> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Reason::TokenTooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Reason::NotThreeParts)?;
        let (header, payload) = signed.split_once('.').ok_or(Reason::NotThreeParts)?;
        if payload.contains('.') {
            return Err(Reason::NotThreeParts);
        }
        Ok(Self {
            signed,
            payload,
            signature,
            header: Header::read(header)?,
        })
    }

    /// `alg`: how it says that it is signed.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.header.algorithm
    }

    /// `kid`: which key signed, in the words of the token. To be compared and nothing else.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.header.text(self.header.key_id.as_ref())
    }

    /// `typ`: what kind of token it says it is.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.header.text(self.header.typ.as_ref())
    }

    /// Checks the signature and hands out the payload.
    ///
    /// # Errors
    /// [`Reason::AlgorithmNotAllowed`] when the key is not for the algorithm of the token,
    /// [`Reason::SignatureInvalid`], or [`Reason::EncodingInvalid`] when signature or payload is not base64url.
    pub fn verify(&self, key: &VerifyingKey) -> Result<Vec<u8>, Reason> {
        if !key.is_for(self.algorithm()) {
            return Err(Reason::AlgorithmNotAllowed);
        }
        self.verify_by([key].into_iter())
    }

    /// Checks the signature with the keys of a set that are for its `kid` and its algorithm, four at most, and hands
    /// out the payload.
    ///
    /// # Errors
    /// [`Reason::KeyUnknown`] when there is no key of that `kid`, or more than four may be meant; otherwise as
    /// [`verify`](Self::verify).
    pub fn verify_with(&self, keys: &JwkSet) -> Result<Vec<u8>, Reason> {
        let candidates = || keys.candidates(self.key_id(), self.algorithm());
        match candidates().count() {
            0 if keys.has(self.key_id()) => Err(Reason::AlgorithmNotAllowed),
            1..=JwkSet::MAX_TRIES => self.verify_by(candidates()),
            _ => Err(Reason::KeyUnknown),
        }
    }

    fn verify_by<'k>(
        &self,
        mut keys: impl Iterator<Item = &'k VerifyingKey>,
    ) -> Result<Vec<u8>, Reason> {
        let mut buffer = [0; MAX_SIGNATURE_BYTES];
        let length = BASE64URL.decode_slice(self.signature, &mut buffer);
        let signature = match length {
            Ok(length) => buffer.get(..length).unwrap_or_default(),
            Err(base64::DecodeSliceError::OutputSliceTooSmall) => {
                return Err(Reason::SignatureInvalid);
            }
            Err(base64::DecodeSliceError::DecodeError(_)) => return Err(Reason::EncodingInvalid),
        };
        if keys.any(|key| key.holds(self.algorithm(), self.signed.as_bytes(), signature)) {
            decode(self.payload)
        } else {
            Err(Reason::SignatureInvalid)
        }
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Reason> {
    BASE64URL.decode(part).map_err(|_| Reason::EncodingInvalid)
}

/// What it says of itself; neither claims nor signature.
impl fmt::Debug for CompactJws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompactJws")
            .field("algorithm", &self.algorithm())
            .field("key_id", &self.key_id())
            .field("typ", &self.typ())
            .finish_non_exhaustive()
    }
}
