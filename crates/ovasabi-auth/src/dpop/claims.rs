//! What a proof claims: RFC 9449 §4.2.

use std::borrow::Cow;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use http::Method;

use super::url::ServiceUrl;
use crate::jose::json::{Object, Value};
use crate::jose::{BASE64URL, Reason};
use crate::token::date;

/// The longest `jti`, in bytes.
const MAX_ID_BYTES: usize = 256;

/// The claims of a proof whose signature holds.
pub(super) struct ProofClaims<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) url: Cow<'a, str>,
    method: Cow<'a, str>,
    issued_at: Duration,
    token_hash: Cow<'a, str>,
    nonce: Option<Cow<'a, str>>,
}

impl<'a> ProofClaims<'a> {
    pub(super) fn read(payload: &'a [u8]) -> Result<Self, Reason> {
        const MALFORMED: Reason = Reason::ProofMalformed;
        let members = Object::parse(payload).map_err(|_| MALFORMED)?;
        let text = |name| match members.get(name).map(Value::as_string) {
            None => Ok(None),
            Some(text) => text.map(Some).ok_or(MALFORMED),
        };
        let required = |name| text(name)?.ok_or(MALFORMED);
        let issued_at = members.get("iat").ok_or(MALFORMED)?;
        let id = required("jti")?;
        if !(1..=MAX_ID_BYTES).contains(&id.len()) {
            return Err(MALFORMED);
        }
        Ok(Self {
            id,
            url: required("htu")?,
            method: required("htm")?,
            issued_at: date::read(issued_at).map_err(|_| MALFORMED)?,
            token_hash: required("ath")?,
            nonce: text("nonce")?,
        })
    }

    /// Whether it was made for this request with this token.
    pub(super) fn check_request(
        &self,
        urls: &[ServiceUrl],
        method: &Method,
        path: &str,
        token: &str,
    ) -> Result<(), Reason> {
        let hash = BASE64URL.encode(digest(&SHA256, token.as_bytes()));
        let is_meant = self.method == method.as_str()
            && self.token_hash == hash
            && urls.iter().any(|own| own.is_meant(&self.url, path));
        if is_meant {
            Ok(())
        } else {
            Err(Reason::ProofMismatch)
        }
    }

    /// The last instant at which it is accepted, if that is still to come.
    pub(super) fn check_date(
        &self,
        now: Duration,
        max_age: Duration,
        leeway: Duration,
    ) -> Result<Duration, Reason> {
        // No sum can overflow: dates end in the year 9999.
        let until = self.issued_at.saturating_add(max_age);
        if now > until || self.issued_at > now.saturating_add(leeway) {
            return Err(Reason::ProofStale);
        }
        Ok(until)
    }

    /// What the server has given it to say.
    pub(super) fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }
}
