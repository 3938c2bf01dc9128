//! The compact form of a signed token.

use std::fmt;

use memchr::{memchr, memrchr};

use super::header::Header;
use super::{Algorithm, JwkSet, Reason, VerifyingKey, base64url};

/// The longest token that is looked at, in bytes: 16 KiB. Servers refuse longer headers anyway.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The longest signature: RSA of 8192 bits.
const MAX_SIGNATURE_BYTES: usize = 1024;

/// The longest one that is short: of ES384. Only those of RSA are longer.
const SHORT_SIGNATURE_BYTES: usize = 96;

/// A compact JWS (RFC 7515 §3.1) whose header has been read and whose signature has not been checked.
///
/// There is no way to its payload but [`verify`](Self::verify) and [`verify_with`](Self::verify_with).
pub struct CompactJws<'a> {
    parts: Parts<'a>,
    header: Headed<'a>,
}

/// The header, or where it was read before.
#[expect(
    clippy::large_enum_variant,
    reason = "it stands on the stack, where a box would be an allocation for each token with a new header"
)]
enum Headed<'a> {
    Now(Header),
    Before(&'a Header),
}

impl<'a> CompactJws<'a> {
    /// Splits the token and reads its header. No cryptography happens here.
    ///
    /// # Errors
    /// A [`Reason`] that names the first rule of the [module](super) that is broken.
    pub fn parse(token: &'a str) -> Result<Self, Reason> {
        Self::parse_for(token, None)
    }

    /// The same for a token that is to be verified with `keys`, which may know its header.
    pub(crate) fn parse_for(token: &'a str, keys: Option<&'a JwkSet>) -> Result<Self, Reason> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Reason::TokenTooLong);
        }
        let parts = Parts::split(token)?;
        let known = keys.and_then(|keys| keys.known.get(parts.header));
        let header = match known {
            Some(known) => Headed::Before(&known.header),
            None => Headed::Now(Header::read(parts.header)?),
        };
        Ok(Self { parts, header })
    }

    /// `alg`: how it says that it is signed.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.header().algorithm
    }

    /// `kid`: which key signed, in the words of the token. To be compared and nothing else.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.header().text(self.header().key_id.as_ref())
    }

    /// `typ`: what kind of token it says it is.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.header().text(self.header().typ.as_ref())
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
        if let Some(known) = keys.known.get(self.parts.header) {
            return self.verify_by([&known.key].into_iter());
        }
        let candidates = || keys.candidates(self.key_id(), self.algorithm());
        let count = candidates().count();
        let payload = match count {
            0 if keys.has(self.key_id()) => return Err(Reason::AlgorithmNotAllowed),
            1..=JwkSet::MAX_TRIES => self.verify_by(candidates())?,
            _ => return Err(Reason::KeyUnknown),
        };
        if let (1, Some(key)) = (count, candidates().next()) {
            keys.known.learn(self.parts.header, self.header(), key);
        }
        Ok(payload)
    }

    #[inline]
    fn header(&self) -> &Header {
        match &self.header {
            Headed::Now(header) => header,
            Headed::Before(header) => header,
        }
    }

    fn verify_by<'k>(
        &self,
        mut keys: impl Iterator<Item = &'k VerifyingKey>,
    ) -> Result<Vec<u8>, Reason> {
        self.parts.verify(|signed, signature| {
            keys.any(|key| key.holds(self.algorithm(), signed, signature))
        })
    }
}

/// The three parts of a token, as they are written.
pub(super) struct Parts<'a> {
    signed: &'a str,
    pub(super) header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    pub(super) fn split(token: &'a str) -> Result<Self, Reason> {
        let (header, rest) = split(token, memchr).ok_or(Reason::NotThreeParts)?;
        let (payload, signature) = split(rest, memrchr).ok_or(Reason::NotThreeParts)?;
        if memchr(b'.', payload.as_bytes()).is_some() {
            return Err(Reason::NotThreeParts);
        }
        let signed = token.get(..header.len() + 1 + payload.len());
        Ok(Self {
            signed: signed.unwrap_or_default(),
            header,
            payload,
            signature,
        })
    }

    /// The payload, if `holds` says that this is the signature of what was signed.
    #[inline]
    pub(super) fn verify(
        &self,
        holds: impl FnOnce(&[u8], &[u8]) -> bool,
    ) -> Result<Vec<u8>, Reason> {
        let length = base64url::decoded_length(self.signature.len());
        if length <= SHORT_SIGNATURE_BYTES {
            // Less to make ready for each token.
            self.verify_in(&mut [0; SHORT_SIGNATURE_BYTES], holds)
        } else if length <= MAX_SIGNATURE_BYTES {
            self.verify_in(&mut [0; MAX_SIGNATURE_BYTES], holds)
        } else {
            Err(Reason::SignatureInvalid)
        }
    }

    #[inline]
    fn verify_in(
        &self,
        signature: &mut [u8],
        holds: impl FnOnce(&[u8], &[u8]) -> bool,
    ) -> Result<Vec<u8>, Reason> {
        let signature =
            base64url::decode_into(self.signature, signature).ok_or(Reason::EncodingInvalid)?;
        if holds(self.signed.as_bytes(), signature) {
            base64url::decode(self.payload).ok_or(Reason::EncodingInvalid)
        } else {
            Err(Reason::SignatureInvalid)
        }
    }
}

/// The two parts around a dot.
fn split(text: &str, find: impl FnOnce(u8, &[u8]) -> Option<usize>) -> Option<(&str, &str)> {
    let (before, after) = text.split_at_checked(find(b'.', text.as_bytes())?)?;
    Some((before, after.get(1..)?))
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
