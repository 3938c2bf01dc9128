//! The compact form of a signed token.

use base64::Engine;

use super::json::{Object, Value};
use super::{BASE64URL, Reason, VerifyingKey};

/// The longest token that is looked at, in bytes: 16 KiB. Servers refuse longer headers anyway.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The length of an Ed25519 signature (RFC 8032 §5.1.6).
const SIGNATURE_BYTES: usize = 64;

/// A compact JWS (RFC 7515 §3.1) whose header has been read and whose signature has not been checked.
///
/// There is no way to its payload but [`verify`](Self::verify).
#[derive(Debug)]
pub struct CompactJws<'a> {
    signed: &'a str,
    payload: &'a str,
    signature: [u8; SIGNATURE_BYTES],
    key_id: Option<String>,
    typ: Option<String>,
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
        let header = decode(header)?;
        let (key_id, typ) = read_header(&Object::parse(&header)?)?;
        let signature = decode(signature)?
            .try_into()
            .map_err(|_| Reason::SignatureInvalid)?;
        Ok(Self {
            signed,
            payload,
            signature,
            key_id,
            typ,
        })
    }

    /// `kid`: which key signed, in the words of the token. To be compared and nothing else.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// `typ`: what kind of token it says it is.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// Checks the signature and hands out the payload.
    ///
    /// # Errors
    /// [`Reason::SignatureInvalid`], or [`Reason::EncodingInvalid`] when a payload that was signed is not
    /// base64url.
    pub fn verify(&self, key: &VerifyingKey) -> Result<Vec<u8>, Reason> {
        if !key.holds(self.signed.as_bytes(), &self.signature) {
            return Err(Reason::SignatureInvalid);
        }
        decode(self.payload)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Reason> {
    BASE64URL.decode(part).map_err(|_| Reason::EncodingInvalid)
}

fn read_header(header: &Object<'_>) -> Result<(Option<String>, Option<String>), Reason> {
    // An extension that is critical is one that must not be ignored, and none is known (RFC 7515 §4.1.11).
    if header.get("crit").is_some() {
        return Err(Reason::CriticalHeader);
    }
    if ["jku", "jwk", "x5u", "x5c"]
        .into_iter()
        .any(|name| header.get(name).is_some())
    {
        return Err(Reason::KeyInHeader);
    }
    let algorithm = header
        .get("alg")
        .and_then(Value::as_string)
        .ok_or(Reason::AlgorithmNotAllowed)?;
    if !matches!(algorithm.as_ref(), "EdDSA" | "Ed25519") {
        return Err(Reason::AlgorithmNotAllowed);
    }
    let text = |name: &str| match header.get(name).map(Value::as_string) {
        None => Ok(None),
        Some(Some(text)) => Ok(Some(text.into_owned())),
        Some(None) => Err(Reason::HeaderInvalid),
    };
    Ok((text("kid")?, text("typ")?))
}
