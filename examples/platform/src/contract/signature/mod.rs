//! Signatures of messages, as Standard Webhooks has them: what a partner posts here, and what is posted to partners.
//!
//! Three headers: `webhook-id` names the message, the same in every attempt; `webhook-timestamp` is when it was sent, in
//! seconds; `webhook-signature` is `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64, or several of these with
//! spaces between, so that a secret can be changed.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{hmac, rand};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use ovasabi_core::{Code, Error};

/// Names the message.
pub(crate) const ID: &str = "webhook-id";
/// When it was sent, in seconds since 1970.
pub(crate) const TIMESTAMP: &str = "webhook-timestamp";
/// What only one who has the secret can write.
pub(crate) const SIGNATURE: &str = "webhook-signature";

/// How old, or how far ahead, a message may be: a replay of an older one is refused without looking it up.
pub(crate) const TOLERANCE: Duration = Duration::from_secs(300);

const PREFIX: &str = "whsec_";
const VERSION: &str = "v1,";
const MAX_ID: usize = 128;

/// What both sides know. `Debug` hides it.
#[derive(Clone)]
pub(crate) struct Secret(hmac::Key, String);

impl Secret {
    /// A new one, of 32 random bytes.
    pub(crate) fn generate() -> Result<Self, Error> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes).map_err(|_| Error::internal("there is no randomness"))?;
        Ok(Self::of(&bytes))
    }

    /// Reads `whsec_` and 24 to 64 bytes in base64.
    pub(crate) fn parse(text: &str) -> Result<Self, Refused> {
        let encoded = text.strip_prefix(PREFIX).ok_or(Refused::Secret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| Refused::Secret)?;
        if (24..=64).contains(&bytes.len()) {
            Ok(Self::of(&bytes))
        } else {
            Err(Refused::Secret)
        }
    }

    /// The text that [`parse`](Self::parse) reads: for its owner, once, and for the table.
    pub(crate) fn expose(&self) -> &str {
        &self.1
    }

    fn of(bytes: &[u8]) -> Self {
        let text = format!("{PREFIX}{}", STANDARD.encode(bytes));
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes), text)
    }

    fn tag(&self, id: &str, timestamp: &str, body: &[u8]) -> hmac::Tag {
        let mut signing = hmac::Context::with_key(&self.0);
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            signing.update(part);
        }
        signing.sign()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The value of `webhook-signature` for a message that is sent at `timestamp`, in seconds.
pub(crate) fn sign(secret: &Secret, id: &str, timestamp: u64, body: &[u8]) -> String {
    let tag = secret.tag(id, &timestamp.to_string(), body);
    format!("{VERSION}{}", STANDARD.encode(tag.as_ref()))
}

/// The id of a message whose signature is right. Within the tolerance it can come again: remember it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VerifiedId(String);

impl VerifiedId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a message, or a secret, was refused: for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The secret is not `whsec_` and 24 to 64 bytes in base64.
    Secret,
    /// A header is missing, is there twice, or cannot be read.
    Headers,
    /// It is older than the tolerance, or as far ahead.
    Timestamp,
    /// None of its signatures is of any of the secrets.
    Signature,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret => "a secret of webhooks cannot be read",
            Self::Headers => "the headers of the signature are missing or cannot be read",
            Self::Timestamp => "the message is too old, or from the future",
            Self::Signature => "no signature is right",
        })
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for Error {
    /// Who cannot sign learns that, and not what was wrong.
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Secret => Self::internal(refused),
            _ => Self::new(Code::Unauthenticated, "signature.refused")
                .detail("the message is not signed, or its signature is not valid")
                .caused_by(refused),
        }
    }
}

/// Checks that one who knows one of `secrets` has sent this, about `now`: the time since 1970.
pub(crate) fn verify(
    secrets: &[Secret],
    headers: &HeaderMap,
    body: &[u8],
    now: Duration,
    tolerance: Duration,
) -> Result<VerifiedId, Refused> {
    let id = only(headers, ID)?;
    // A dot in the id would leave open where it ends in what is signed.
    if id.is_empty() || id.len() > MAX_ID || id.contains('.') {
        return Err(Refused::Headers);
    }
    let timestamp = only(headers, TIMESTAMP)?;
    // The parser takes a plus sign too, which nobody writes.
    let sent: u64 = Some(timestamp)
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or(Refused::Headers)?;
    if now.as_secs().abs_diff(sent) > tolerance.as_secs() {
        return Err(Refused::Timestamp);
    }
    let given: Vec<_> = only(headers, SIGNATURE)?
        .split(' ')
        .filter_map(|one| STANDARD.decode(one.strip_prefix(VERSION)?).ok())
        .collect();
    let is_right = secrets.iter().any(|secret| {
        let tag = secret.tag(id, timestamp, body);
        given
            .iter()
            .any(|given| verify_slices_are_equal(given, tag.as_ref()).is_ok())
    });
    if is_right {
        Ok(VerifiedId(id.to_owned()))
    } else {
        Err(Refused::Signature)
    }
}

/// The value of a header that is there once: of two, nobody knows which one another program reads.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refused> {
    let mut all = headers.get_all(name).iter();
    let value = all.next().filter(|_| all.next().is_none());
    let text = value.and_then(|value| value.to_str().ok());
    text.ok_or(Refused::Headers)
}

#[cfg(test)]
mod tests;
